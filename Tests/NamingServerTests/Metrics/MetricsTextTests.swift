internal import Testing

@testable internal import NamingServer

private func text(_ build: (inout MetricsText) -> Void) -> String {
    var metrics = MetricsText()
    build(&metrics)
    return String(decoding: metrics.bytes, as: UTF8.self)
}

@Suite struct `Metrics as text` {
    @Test func `a family has its help, its type and its samples`() {
        let written = text { metrics in
            metrics.family("nacos_monitor", .gauge, "What a server counts.") { family in
                family.sample(1, ["module": "naming", "name": "leaderStatus"])
                family.sample(0.5, ["module": "naming", "name": "load"])
            }
            metrics.counter("muster_beats_total", "Beats.", 18_446_744_073_709_551_615)
            metrics.gauge("muster_up", "Whether.", 1)
        }
        #expect(
            written == """
                # HELP nacos_monitor What a server counts.
                # TYPE nacos_monitor gauge
                nacos_monitor{module="naming",name="leaderStatus"} 1
                nacos_monitor{module="naming",name="load"} 0.5
                # HELP muster_beats_total Beats.
                # TYPE muster_beats_total counter
                muster_beats_total 18446744073709551615
                # HELP muster_up Whether.
                # TYPE muster_up gauge
                muster_up 1

                """)
    }

    @Test func `what would end a line or a label is escaped`() {
        let written = text { metrics in
            metrics.family("a", .gauge, "x\ny\\\"") { $0.sample(1, ["b": "\"\n\\"]) }
        }
        #expect(
            written == "# HELP a x\\ny\\\\\"\n# TYPE a gauge\na{b=\"\\\"\\n\\\\\"} 1\n")
    }

    @Test func `numbers that are not finite have their words`() {
        let written = text { metrics in
            metrics.family("a", .gauge, "h") { family in
                for value in [Double.nan, .infinity, -.infinity, -1, 1e300] { family.sample(value) }
            }
        }
        #expect(written.hasSuffix("a NaN\na +Inf\na -Inf\na -1\na 1e+300\n"))
    }

    @Test func `a histogram counts up and ends with everything`() {
        var histogram = Histogram(bounds: [1, 0.5, 1, .infinity])
        for value in [0.5, 0.7, 2, .nan] { histogram.record(value) }
        histogram.record(nanoseconds: 500_000_000)
        let written = text { metrics in
            metrics.family("t", .histogram, "h") { $0.sample(histogram, ["op": "x"]) }
        }
        #expect(
            written == """
                # HELP t h
                # TYPE t histogram
                t_bucket{op="x",le="0.5"} 2
                t_bucket{op="x",le="1"} 3
                t_bucket{op="x",le="+Inf"} 5
                t_sum{op="x"} 3.7
                t_count{op="x"} 5

                """)
    }

    @Test func `a histogram agrees with counting by hand`() {
        var random = SeededRandom(seed: 3)
        var histogram = Histogram.seconds
        var values: [Double] = []
        for _ in 0..<1000 {
            let value = Double(random.below(1 << 20)) / 65_536
            values.append(value)
            histogram.record(value)
        }
        var below = 0.0
        for (bound, count) in zip(histogram.bounds, histogram.counts) {
            #expect(Int(count) == values.count { $0 <= bound && ($0 > below || below == 0) })
            below = bound
        }
        #expect(histogram.count == 1000)
    }
}
