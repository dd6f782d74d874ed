/// One thing that was measured, with all that is needed to measure it again.
struct BenchRow: Codable {
    /// A figure. Which way is better is for the reader to know.
    struct Metric: Codable {
        var name: String
        var unit: String
        var value: Double
    }

    /// What was chosen for this row; rows of two runs with the same are compared.
    struct Parameter: Codable, Equatable {
        var name: String
        var value: String
    }

    /// What was measured, such as `commit`.
    var suite: String
    var parameters: [Parameter]
    var metrics: [Metric]
    /// How long the calibration took before and after this, over the shortest time that it took in this run: 1 on a
    /// machine that had nothing else to do.
    var noise: Double

    /// The names and values of the parameters, in one line.
    var name: String {
        ([suite] + parameters.map { "\($0.name)=\($0.value)" }).joined(separator: " ")
    }
}

/// What a run was made on.
struct BenchHeading: Codable {
    var machine: String
    var cores: Int
    var kernel: String
    var settings: String
}

/// One line of a report.
enum BenchLine: Codable {
    case heading(BenchHeading)
    case row(BenchRow)
}
