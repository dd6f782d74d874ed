------------------------------ MODULE Election ------------------------------
(***************************************************************************)
(* Timeouts, pre-votes, votes and the quorum check (thesis 3.4, 4.2.3,     *)
(* 6.2, 9.6).  Timers may run out at any time.                             *)
(*                                                                         *)
(* A pre-vote changes nothing at the one who is asked.  A vote changes the *)
(* hard state, and leaves when that is durable, as does the request.       *)
(***************************************************************************)
EXTENDS RaftState

\* No word from a leader for the fixed part of the election timeout.
ElectionTimeout(n) ==
    /\ node[n].role = "follower"
    /\ node[n].leader # None
    /\ Become(n, [node[n] EXCEPT !.leader = None, !.hearsLeader = FALSE])
    /\ UnchangedHistory

Others(s, n) == Voters(Configuration(s)) \ {n}

Candidate(s, n) ==
    [Following(s, None) EXCEPT !.role = "candidate", !.term = s.term + 1, !.vote = n]

VoteRequests(s, n) ==
    {Message("voteRequest", n, p, s.term + 1, [last |-> Last(s.log)]) : p \in Others(s, n)}

\* The term rises, and the requests wait for the disk.
Stand(n, s) ==
    Become(n, [Candidate(s, n) EXCEPT !.held = VoteRequests(s, n)])

\* The random wait is over.
Campaign(n) ==
    LET s == node[n]
    IN  /\ s.role # "leader" /\ ~s.hearsLeader
        /\ IsVoter(s, n)
        /\ IF PreVote
           THEN Say(n, [Following(s, None) EXCEPT !.role = "preCandidate", !.granted = {n}],
                    {Message("preVoteRequest", n, p, s.term, [last |-> Last(s.log)]) :
                        p \in Others(s, n)})
           ELSE Stand(n, s)
        /\ UnchangedHistory

ReceivePreVoteRequest(n, m) ==
    LET s == node[n]
        granted == /\ m.term >= s.term
                   /\ s.role # "leader" /\ ~s.hearsLeader
                   /\ AtLeastAsUpToDate(m.body.last, Last(s.log))
    IN  /\ Comes(n, m, "preVoteRequest")
        /\ Say(n, s, {Message("preVoteResponse", n, m.from, s.term,
                              [granted |-> granted, asked |-> m.term])})
        /\ UnchangedHistory

\* A refusal carries a term that may be newer: one whose log is newer, but whose term is older, catches up.
ReceivePreVoteResponse(n, m) ==
    LET s == HearTerm(node[n], m.term)
    IN  /\ Comes(n, m, "preVoteResponse")
        /\ Become(n, IF m.body.granted /\ m.body.asked = s.term /\ s.role = "preCandidate"
                     THEN [s EXCEPT !.granted = @ \cup {m.from}] ELSE s)
        /\ UnchangedHistory

StartElection(n) ==
    /\ node[n].role = "preCandidate"
    /\ HasQuorum(Configuration(node[n]), node[n].granted)
    /\ Stand(n, node[n])
    /\ UnchangedHistory

ReceiveVoteRequest(n, m) ==
    LET s == HearTerm(node[n], m.term)
        granted == /\ m.term = s.term
                   /\ \/ s.vote = None /\ s.leader = None
                      \/ s.vote = m.from
                   /\ AtLeastAsUpToDate(m.body.last, Last(s.log))
        answer == {Message("voteResponse", n, m.from, s.term, [granted |-> granted])}
    IN  /\ Comes(n, m, "voteRequest")
        /\ ~(m.term > node[n].term /\ IsLoyal(node[n]))
        /\ Say(n, IF ~granted THEN s
                  ELSE [(IF s.role = "preCandidate" THEN Following(s, None) ELSE s)
                           EXCEPT !.vote = m.from],
               answer)
        /\ UnchangedHistory

\* Nobody can have been asked before the candidacy was durable.
ReceiveVoteResponse(n, m) ==
    LET s == HearTerm(node[n], m.term)
    IN  /\ Comes(n, m, "voteResponse")
        /\ Become(n, IF /\ m.body.granted /\ m.term = s.term
                        /\ s.role = "candidate" /\ IsHardStateDurable(s)
                     THEN [s EXCEPT !.granted = @ \cup {m.from}] ELSE s)
        /\ UnchangedHistory

\* The term opens with an empty entry, which reads and changes of the membership wait for.
BecomeLeader(n) ==
    LET s == node[n]
    IN  /\ s.role = "candidate"
        /\ HasQuorum(Configuration(s), s.granted)
        /\ Become(n, [Following(s, n) EXCEPT
               !.role = "leader", !.log = AppendEntry(s.log, s.term, None),
               !.firstIndex = LastIndex(s.log) + 1])
        /\ elected' = elected \cup {<< s.term, << n, s.incarnation >> >>}
        /\ UNCHANGED << committed, reads >>

\* A leader that has not heard a quorum for an election timeout serves nobody.
QuorumCheck(n) ==
    LET s == node[n]
    IN  /\ CheckQuorum
        /\ s.role = "leader"
        /\ Become(n, IF HasQuorum(Configuration(s), s.active \cup {n})
                     THEN [s EXCEPT !.active = {}] ELSE Following(s, None))
        /\ UnchangedHistory
=============================================================================
