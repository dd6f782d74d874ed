// swift-tools-version: 6.3
import PackageDescription

// The settings of the house: warnings are errors, unsafe code is marked, imports say who may see them.
let house: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: house)
}

func executable(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: house)
}

func tests(
    _ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = [],
    exclude: [String] = []
) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, exclude: exclude, resources: resources,
        swiftSettings: house)
}

let package = Package(
    name: "muster",
    products: [
        .library(name: "Raft", targets: ["Raft"]),
        .library(name: "RaftRuntime", targets: ["RaftRuntime", "RaftStorage", "RaftTransport"]),
        .library(name: "RaftHost", targets: ["RaftHost"]),
        .library(name: "RaftTesting", targets: ["RaftTesting"]),
        .executable(name: "muster", targets: ["muster"]),
        .executable(name: "raft-lab", targets: ["raft-lab"]),
    ],
    targets: [
        // The import table of ARCHITECTURE.md; `TidyTests` holds the sources to it.
        library("Raft"),
        .target(name: "CWire"),
        library("Wire", ["CWire"]),
        library("RaftFormat", ["Raft", "Wire"]),
        library("RaftStorage", ["Raft", "Wire", "RaftFormat"]),
        library("RaftTransport", ["Raft", "Wire", "RaftFormat"]),
        library("RaftRuntime", ["Raft", "Wire", "RaftFormat", "RaftStorage", "RaftTransport"]),
        library("RaftTesting", ["Raft", "Wire", "RaftStorage", "RaftTransport", "RaftRuntime"]),
        .target(name: "CPlatform"),
        library("Platform", ["CPlatform"]),
        library(
            "RaftHost",
            ["Raft", "Wire", "RaftStorage", "RaftTransport", "RaftRuntime", "Platform"]),
        library("Naming", ["Wire"]),
        library("Nacos", ["Naming", "Wire"]),
        library(
            "NamingServer",
            [
                "Raft", "Wire", "RaftStorage", "RaftTransport", "RaftRuntime", "RaftHost", "Naming",
                "Nacos", "Platform",
            ]),
        library("NamingClient", ["Nacos", "Platform"]),
        library(
            "NamingTools",
            [
                "Raft", "Wire", "RaftStorage", "RaftRuntime", "RaftHost", "Naming", "Nacos",
                "NamingClient", "Platform",
            ]
        ),
        library(
            "NamingBench",
            [
                "Raft", "RaftStorage", "RaftTransport", "RaftRuntime", "RaftHost", "Naming",
                "NamingServer", "Platform",
            ]),
        .target(name: "CBench"),
        library(
            "RaftBench",
            [
                "CBench", "Raft", "Wire", "RaftStorage", "RaftTransport", "RaftRuntime", "RaftHost",
                "Platform",
            ]),
        executable(
            "muster", ["NamingServer", "NamingClient", "NamingTools", "NamingBench", "Platform"]),
        executable(
            "raft-lab",
            [
                "Raft", "Wire", "RaftStorage", "RaftRuntime", "RaftHost", "RaftTesting",
                "RaftBench", "Platform",
            ]),

        tests("WireTests", ["Wire"]),
        tests("RaftTests", ["Raft", "RaftRuntime", "RaftTesting"], exclude: ["Scenarios"]),
        tests("RaftTestingTests", ["Raft", "RaftRuntime", "RaftTesting"]),
        tests("RaftStorageTests", ["Raft", "Wire", "RaftStorage", "RaftTesting"]),
        tests("RaftTransportTests", ["Raft", "Wire", "RaftFormat", "RaftTransport"]),
        tests(
            "RaftRuntimeTests",
            ["Raft", "Wire", "RaftStorage", "RaftTransport", "RaftRuntime", "RaftTesting"]),
        tests("PlatformTests", ["Platform"]),
        tests(
            "RaftHostTests",
            [
                "Raft", "Wire", "RaftStorage", "RaftTransport", "RaftRuntime", "RaftHost",
                "RaftTesting", "Platform",
            ]),
        tests(
            "RaftBenchTests",
            ["Raft", "Wire", "RaftStorage", "RaftRuntime", "RaftBench", "Platform"]),
        tests("NamingTests", ["Wire", "Naming"]),
        tests("NacosTests", ["Wire", "Naming", "Nacos"]),
        tests(
            "NamingServerTests",
            ["Wire", "Naming", "Nacos", "NamingServer", "NamingClient", "Platform"]),
        tests(
            "NamingToolsTests",
            [
                "Raft", "Wire", "RaftStorage", "RaftRuntime", "RaftHost", "Naming", "NamingServer",
                "NamingTools", "Platform",
            ]),
        tests("TidyTests", []),
    ]
)
