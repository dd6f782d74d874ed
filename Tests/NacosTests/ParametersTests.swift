internal import Nacos
internal import Testing

private func parameters(_ query: String, form: String = "") throws -> Parameters {
    try Parameters(query: query, form: Array(form.utf8))
}

@Suite struct `Parameters of a call` {
    @Test func `query and form are merged and the first of a name counts`() throws {
        let merged = try parameters("a=1&b=2", form: "b=3&c=4")
        #expect(merged.text("a") == "1")
        #expect(merged.text("b") == "2")
        #expect(merged.text("c") == "4")
        #expect(merged.text("d") == nil)
    }

    @Test func `a blank value counts as not sent`() throws {
        let blank = try parameters("a=&a=%20&b&c=1", form: "a=2")
        #expect(blank.text("a") == "2")
        #expect(blank.text("b") == nil)
        #expect(blank.text("b", "c") == "1")
    }

    @Test func `empty segments and a stray ampersand are passed over`() throws {
        let go = try parameters("&a=1&&b=2&")
        #expect(go.text("a") == "1")
        #expect(go.text("b") == "2")
    }

    @Test(arguments: [
        ("a=%41%2b+c", "A+ c"), ("a=%", "%"), ("a=%4", "%4"), ("a=%zz%41", "%zzA"),
        ("a=1=2", "1=2"), ("a=%E4%BD%A0", "你"), ("a=a@@b", "a@@b"), ("%61=1", "1"),
        ("a=%20x%0a", "x"),
    ])
    func `escapes are decoded and what is no escape stays`(_ query: String, _ value: String) throws
    {
        #expect(try parameters(query).text("a") == value)
    }

    @Test func `bytes that are no UTF-8 do not trap`() throws {
        #expect(try parameters("a=%ff%fe").text("a") == "\u{fffd}\u{fffd}")
    }

    @Test func `bare JSON in a body is taken literally, to its last brace`() throws {
        let form = #"serviceName=a@@b&metadata={"x":"1+1&y=2%20}","l":["\"}"]}&ip=1.2.3.4"#
        let bare = try parameters("", form: form)
        #expect(bare.text("metadata") == #"{"x":"1+1&y=2%20}","l":["\"}"]}"#)
        #expect(bare.text("ip") == "1.2.3.4")
        #expect(bare.text("y") == nil)
    }

    @Test func `bare JSON in a query is decoded but not cut`() throws {
        let bare = try parameters(#"metadata={"a":"b%20c&d"}&e=1"#)
        #expect(bare.text("metadata") == #"{"a":"b c&d"}"#)
        #expect(bare.text("e") == "1")
    }

    @Test func `a brace that never closes does not swallow what follows`() throws {
        let open = try parameters("", form: #"a={"x&b=2"#)
        #expect(open.text("a") == #"{"x"#)
        #expect(open.text("b") == "2")
    }

    @Test func `words for true and false come in any case`() throws {
        for word in ["true", "on", "yes", "t", "y", "True", "TRUE", "Yes"] {
            #expect(try parameters("a=\(word)").boolean("a") == true)
        }
        for word in ["false", "off", "no", "f", "n", "False"] {
            #expect(try parameters("a=\(word)").boolean("a") == false)
        }
        #expect(try parameters("").boolean("a") == nil)
        #expect(
            throws: NacosError(400, "Param 'a' is illegal, the value should be true or false.")
        ) {
            try parameters("a=maybe").boolean("a")
        }
        #expect(try parameters("a=True").isTrue("a"))
        #expect(try !parameters("a=yes").isTrue("a"))
    }

    @Test func `whole numbers may be written with a point`() throws {
        #expect(try parameters("a=8080").integer("a", in: 0...65_535) == 8080)
        #expect(try parameters("a=8080.0").integer("a", in: 0...65_535) == 8080)
        #expect(try parameters("").integer("a", in: 0...65_535) == nil)
        for text in ["1.5", "x", "-1", "65536", "1e99", "nan", "99999999999999999999"] {
            let error = NacosError(
                400, "Param 'a' is illegal, the value should be between 0 and 65535")
            #expect(throws: error) { try parameters("a=\(text)").integer("a", in: 0...65_535) }
        }
    }

    @Test func `what is required and missing is named`() throws {
        #expect(throws: NacosError(400, "Param 'a' is required.")) {
            try parameters("a=&c=1").required("a", "b")
        }
    }

    @Test func `more parameters than anyone needs are refused`() throws {
        let most = String(repeating: "a=1&", count: Parameters.maximumCount)
        #expect(try parameters(most).text("a") == "1")
        #expect(throws: NacosError.self) { try parameters(most + "a=1") }
    }
}
