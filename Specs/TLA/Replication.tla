---------------------------- MODULE Replication ----------------------------
(***************************************************************************)
(* Proposals, appends, acknowledgements, heartbeats and commits (thesis    *)
(* 3.5, 3.6, 10.2.1).                                                      *)
(*                                                                         *)
(* A leader may send any piece of its log.  Which one is worth sending,    *)
(* the core learns from refusals and their hints, which are left out; so   *)
(* are commit notices, which are heartbeats without a round.               *)
(*                                                                         *)
(* A follower acknowledges what is known to agree with the leader's log    *)
(* and is durable here.  Heartbeats name the last committed entry by its   *)
(* term: whoever has it has all before it.                                 *)
(***************************************************************************)
EXTENDS RaftState

CONSTANT MaxBatch   \* the most entries in one append

Peers(s, n) == Members(Configuration(s)) \ {n}

Propose(n) ==
    /\ node[n].role = "leader"
    /\ Become(n, [node[n] EXCEPT !.log = AppendEntry(@, node[n].term, None)])
    /\ UnchangedHistory

SendAppend(n) ==
    LET s == node[n]
    IN  /\ s.role = "leader"
        /\ \E p \in Peers(s, n), i \in s.log.base.index..LastIndex(s.log), count \in 0..MaxBatch :
              /\ i + count <= LastIndex(s.log)
              /\ Say(n, s, {Message("append", n, p, s.term,
                     [previous |-> EntryID(i, TermAt(s.log, i)),
                      entries |-> Slice(s.log, i + 1, i + count),
                      commit |-> s.commit])})
        /\ UnchangedHistory

\* The first of the entries after `previous` that the log has not; one behind them if it has all.
FirstNews(log, previous, entries) ==
    LET known == {k \in 0..Len(entries) : \A j \in 1..k :
                     /\ previous.index + j <= LastIndex(log)
                     /\ TermAt(log, previous.index + j) = entries[j].term}
    IN  Max(known) + 1

\* Only an entry of another term at the same place makes a log shorter, never the end of a message.
TakeEntries(s, previous, entries) ==
    LET k == FirstNews(s.log, previous, entries)
        cut == IF k <= Len(entries) /\ previous.index + k <= LastIndex(s.log)
               THEN CutLog(s, previous.index + k) ELSE s
    IN  [cut EXCEPT !.log.entries = @ \o SubSeq(entries, k, Len(entries))]

CommitTo(s, i) == [s EXCEPT !.commit = Max({@, i})]

ReceiveAppend(n, m) ==
    LET heard == FollowLeader(HearTerm(node[n], m.term), m.from)
        previous == m.body.previous
        end == previous.index + Len(m.body.entries)
        taken == TakeEntries(heard, previous, m.body.entries)
        verified == [taken EXCEPT !.verified = Max({@, end})]
    IN  /\ Comes(n, m, "append")
        /\ m.term >= node[n].term
        /\ Become(n,
               IF previous.index < heard.commit
               THEN [heard EXCEPT !.verified = Max({@, heard.commit})]
               ELSE IF Has(heard.log, previous)
                    THEN CommitTo(verified, Min({m.body.commit, end}))
                    ELSE heard)
        /\ UnchangedHistory

Acknowledge(n) ==
    LET s == node[n]
    IN  /\ s.role = "follower" /\ s.leader # None
        /\ Say(n, s, {Message("appendResponse", n, s.leader, s.term,
               [match |-> Min({s.verified, s.durable.index})])})
        /\ UnchangedHistory

\* That it is no further than the log is known to agree: AckTruth.
ReceiveAppendResponse(n, m) ==
    LET s == HearTerm(node[n], m.term)
    IN  /\ Comes(n, m, "appendResponse")
        /\ Become(n, IF s.role = "leader" /\ m.term = s.term /\ m.from \in Peers(s, n)
                     THEN [s EXCEPT !.match[m.from] = Max({@, m.body.match}),
                                    !.active = @ \cup {m.from}] ELSE s)
        /\ UnchangedHistory

Heartbeat(n) ==
    LET s == [node[n] EXCEPT !.round = @ + 1]
    IN  /\ s.role = "leader"
        /\ Say(n, s, {Message("heartbeat", n, p, s.term,
               [committed |-> EntryID(s.commit, TermAt(s.log, s.commit)), round |-> s.round]) :
                   p \in Peers(s, n)})
        /\ UnchangedHistory

ReceiveHeartbeat(n, m) ==
    LET heard == FollowLeader(HearTerm(node[n], m.term), m.from)
        id == m.body.committed
        s == IF Has(heard.log, id)
             THEN CommitTo([heard EXCEPT !.verified = Max({@, id.index})], id.index) ELSE heard
    IN  /\ Comes(n, m, "heartbeat")
        /\ m.term >= node[n].term
        /\ Say(n, s, {Message("heartbeatResponse", n, m.from, s.term,
                              [round |-> m.body.round])})
        /\ UnchangedHistory

ReceiveHeartbeatResponse(n, m) ==
    LET s == HearTerm(node[n], m.term)
    IN  /\ Comes(n, m, "heartbeatResponse")
        /\ Become(n, IF s.role = "leader" /\ m.term = s.term /\ m.from \in Peers(s, n)
                     THEN [s EXCEPT !.answered[m.from] = Max({@, m.body.round}),
                                    !.active = @ \cup {m.from}] ELSE s)
        /\ UnchangedHistory

\* Whoever still leads in an older term must learn of the newer one.
ReceiveOutdated(n, m) ==
    /\ m.type \in {"append", "heartbeat", "snapshot"}
    /\ Comes(n, m, m.type)
    /\ m.term < node[n].term
    /\ Say(n, node[n], {Message("heartbeatResponse", n, m.from, node[n].term, [round |-> 0])})
    /\ UnchangedHistory

\* What a leader knows each voter to have on its disk.
IsOnDisk(s, n, i) ==
    HasQuorum(Configuration(s),
              {p \in Node : IF p = n THEN s.durable.index >= i ELSE s.match[p] >= i})

\* An entry of its own term, and all before it.  The leader's own disk counts like any other.
AdvanceCommit(n) ==
    LET s == node[n]
    IN  /\ s.role = "leader"
        /\ \E i \in (s.commit + 1)..LastIndex(s.log) :
              /\ TermAt(s.log, i) = s.term
              /\ IsOnDisk(s, n, i)
              /\ Become(n, CommitTo(s, i))
              /\ committed' = committed \cup
                     {[index |-> j, term |-> TermAt(s.log, j), by |-> s.term] :
                         j \in (s.commit + 1)..i}
        /\ UNCHANGED << elected, reads >>
=============================================================================
