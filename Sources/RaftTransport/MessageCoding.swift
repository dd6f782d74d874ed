// The fields of a core's message by kind, after `from`, `to`, `term` and the kind's byte. The words
// are those of `EnvelopeCoding.swift`; "entry" is a term and an index, both numbers.
//
//   1   preVoteRequest     lastEntry entry
//   2   preVoteResponse    granted flag, requestTerm number
//   3   voteRequest        lastEntry entry, isTransfer flag
//   4   voteResponse       granted flag
//   5   append             previous entry, commitIndex number, count of runs, each run: term number,
//                          count (1 or more); then the items, as many as the runs count together
//   6   append accepted    matchIndex number
//   7   append rejected    previousIndex number, hint entry
//   8   heartbeat          committed entry, round number (64 bits)
//   9   heartbeatResponse  round number (64 bits), promise in milliseconds number
//   10  commitNotice       committed entry
//   11  snapshotPart       lastIncluded entry, configuration, offset number, isLast flag; then the
//                          items, of which there is one
//   12  snapshotResponse   lastIncluded entry, received number
//   13  readIndexRequest   id number (64 bits)
//   14  readIndexResponse  id number (64 bits), known flag, if it is set: index number
//   15  timeoutNow         nothing more
//
// configuration: as in `ConfigurationCoding.swift`.

internal import Raft
internal import RaftFormat
internal import Wire

private enum Kind: UInt8 {
    case preVoteRequest = 1
    case preVoteResponse = 2
    case voteRequest = 3
    case voteResponse = 4
    case append = 5
    case appendAccepted = 6
    case appendRejected = 7
    case heartbeat = 8
    case heartbeatResponse = 9
    case commitNotice = 10
    case snapshotPart = 11
    case snapshotResponse = 12
    case readIndexRequest = 13
    case readIndexResponse = 14
    case timeoutNow = 15
}

extension Message {
    /// Whether items follow the message, be it none.
    var hasContents: Bool {
        switch body {
        case .append, .snapshotPart: true
        default: false
        }
    }

    func write(to output: inout [UInt8]) throws(EncodeError) {
        try output.writeNode(from)
        try output.writeNode(to)
        try output.writeNumber(term.rawValue)
        try body.write(to: &output)
    }

    init(_ payload: Span<UInt8>, at offset: inout Int) throws(DecodeError) {
        let from = try payload.readNode(at: &offset)
        let to = try payload.readNode(at: &offset)
        let term = try payload.readTerm(at: &offset)
        let body = try Body(payload, at: &offset)
        self.init(from: from, to: to, term: term, body: body)
    }
}

extension Message.Body {
    func write(to output: inout [UInt8]) throws(EncodeError) {
        output.append(kind.rawValue)
        switch self {
        case .preVoteRequest(let lastEntry):
            try output.writeEntryID(lastEntry)
        case .preVoteResponse(let granted, let requestTerm):
            output.writeFlag(granted)
            try output.writeNumber(requestTerm.rawValue)
        case .voteRequest(let lastEntry, let isTransfer):
            try output.writeEntryID(lastEntry)
            output.writeFlag(isTransfer)
        case .voteResponse(let granted):
            output.writeFlag(granted)
        case .append(let request):
            try request.write(to: &output)
        case .appendResponse(.accepted(let matchIndex)):
            try output.writeNumber(matchIndex.rawValue)
        case .appendResponse(.rejected(let previousIndex, let hint)):
            try output.writeNumber(previousIndex.rawValue)
            try output.writeEntryID(hint)
        case .heartbeat(let committed, let round):
            try output.writeEntryID(committed)
            output.writeVarint(round)
        case .heartbeatResponse(let round, let promise):
            output.writeVarint(round)
            try output.writeNumber(promise)
        case .commitNotice(let committed):
            try output.writeEntryID(committed)
        case .snapshotPart(let part):
            try output.writeEntryID(part.lastIncluded)
            guard part.configuration.isWithinLimits else { throw EncodeError("configuration") }
            output.writeConfiguration(part.configuration)
            try output.writeNumber(part.offset)
            output.writeFlag(part.isLast)
        case .snapshotResponse(let response):
            try output.writeEntryID(response.lastIncluded)
            try output.writeNumber(response.received)
        case .readIndexRequest(let read):
            output.writeVarint(read.rawValue)
        case .readIndexResponse(let read, let index):
            output.writeVarint(read.rawValue)
            output.writeFlag(index != nil)
            if let index { try output.writeNumber(index.rawValue) }
        case .timeoutNow: break  // the kind says it all
        }
    }

    private var kind: Kind {
        switch self {
        case .preVoteRequest: .preVoteRequest
        case .preVoteResponse: .preVoteResponse
        case .voteRequest: .voteRequest
        case .voteResponse: .voteResponse
        case .append: .append
        case .appendResponse(.accepted): .appendAccepted
        case .appendResponse(.rejected): .appendRejected
        case .heartbeat: .heartbeat
        case .heartbeatResponse: .heartbeatResponse
        case .commitNotice: .commitNotice
        case .snapshotPart: .snapshotPart
        case .snapshotResponse: .snapshotResponse
        case .readIndexRequest: .readIndexRequest
        case .readIndexResponse: .readIndexResponse
        case .timeoutNow: .timeoutNow
        }
    }

    init(_ payload: Span<UInt8>, at offset: inout Int) throws(DecodeError) {
        let start = offset
        switch Kind(rawValue: try payload.readUInt8(at: &offset)) {
        case .preVoteRequest:
            self = .preVoteRequest(lastEntry: try payload.readEntryID(at: &offset))
        case .preVoteResponse:
            let granted = try payload.readFlag(at: &offset)
            self = .preVoteResponse(
                granted: granted, requestTerm: try payload.readTerm(at: &offset))
        case .voteRequest:
            let lastEntry = try payload.readEntryID(at: &offset)
            self = .voteRequest(
                lastEntry: lastEntry, isTransfer: try payload.readFlag(at: &offset))
        case .voteResponse:
            self = .voteResponse(granted: try payload.readFlag(at: &offset))
        case .append:
            self = .append(try AppendRequest(payload, at: &offset))
        case .appendAccepted:
            self = .appendResponse(.accepted(matchIndex: try payload.readIndex(at: &offset)))
        case .appendRejected:
            let previousIndex = try payload.readIndex(at: &offset)
            let hint = try payload.readEntryID(at: &offset)
            self = .appendResponse(.rejected(previousIndex: previousIndex, hint: hint))
        case .heartbeat:
            let committed = try payload.readEntryID(at: &offset)
            self = .heartbeat(committed: committed, round: try payload.readVarint(at: &offset))
        case .heartbeatResponse:
            let round = try payload.readVarint(at: &offset)
            self = .heartbeatResponse(
                round: round, promiseMilliseconds: try payload.readNumber(at: &offset))
        case .commitNotice:
            self = .commitNotice(committed: try payload.readEntryID(at: &offset))
        case .snapshotPart:
            self = .snapshotPart(try SnapshotPart(payload, at: &offset))
        case .snapshotResponse:
            let lastIncluded = try payload.readEntryID(at: &offset)
            let received = try payload.readNumber(at: &offset)
            self = .snapshotResponse(
                SnapshotResponse(lastIncluded: lastIncluded, received: received))
        case .readIndexRequest:
            self = .readIndexRequest(ReadID(try payload.readVarint(at: &offset)))
        case .readIndexResponse:
            let read = ReadID(try payload.readVarint(at: &offset))
            let isKnown = try payload.readFlag(at: &offset)
            self = .readIndexResponse(
                read, index: isKnown ? try payload.readIndex(at: &offset) : nil)
        case .timeoutNow:
            self = .timeoutNow
        case nil:
            throw DecodeError(.invalid(field: "message kind"), at: start)
        }
    }
}

extension AppendRequest {
    func write(to output: inout [UInt8]) throws(EncodeError) {
        try output.writeEntryID(previous)
        try output.writeNumber(commitIndex.rawValue)
        guard entries.count <= TransportLimits.maxItems else { throw EncodeError("runs of terms") }
        output.writeCount(entries.count)
        var left = Self.maxCount(after: previous.index)
        for run in entries {
            guard run.count >= 1, run.count <= left else { throw EncodeError("entries") }
            left -= run.count
            try output.writeNumber(run.term.rawValue)
            output.writeCount(run.count)
        }
    }

    init(_ payload: Span<UInt8>, at offset: inout Int) throws(DecodeError) {
        let previous = try payload.readEntryID(at: &offset)
        let commitIndex = try payload.readIndex(at: &offset)
        let runCount = try payload.readCount(
            limit: TransportLimits.maxItems, name: "runs of terms", at: &offset)
        // Each run is at least two bytes, so that no more is set aside than has been received.
        guard runCount <= (payload.count - offset) / 2 else {
            throw DecodeError(.truncated, at: payload.count)
        }
        var runs: [TermRun] = []
        runs.reserveCapacity(runCount)
        var left = Self.maxCount(after: previous.index)
        for _ in 0..<runCount {
            let term = try payload.readTerm(at: &offset)
            let start = offset
            let count = try payload.readCount(limit: left, name: "entries", at: &offset)
            guard count >= 1 else { throw DecodeError(.invalid(field: "entries"), at: start) }
            left -= count
            runs.append(TermRun(term: term, count: count))
        }
        self.init(previous: previous, entries: runs, commitIndex: commitIndex)
    }

    /// How many entries may follow on `previous`: as many as fit a frame and have an index.
    private static func maxCount(after previous: LogIndex) -> Int {
        Int(min(UInt64(TransportLimits.maxItems), TransportLimits.maxNumber - previous.rawValue))
    }
}

extension SnapshotPart {
    init(_ payload: Span<UInt8>, at offset: inout Int) throws(DecodeError) {
        let lastIncluded = try payload.readEntryID(at: &offset)
        let configuration = try payload.readConfiguration(at: &offset)
        let position = try payload.readNumber(at: &offset)
        let isLast = try payload.readFlag(at: &offset)
        self.init(
            lastIncluded: lastIncluded, configuration: configuration, offset: position,
            isLast: isLast)
    }
}
