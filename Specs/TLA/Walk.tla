-------------------------------- MODULE Walk --------------------------------
(***************************************************************************)
(* Random walks through Raft, for TLC's simulation mode: deeper than any   *)
(* search gets, and without any claim to be whole.  Steps that begin       *)
(* something anew, or take something away, are taken seldom, else nothing  *)
(* would ever be finished; steps that change nothing are not taken.        *)
(***************************************************************************)
EXTENDS Small

Seldom(k) == RandomElement(1..k) = 1

WalkNext ==
    \/ Seldom(20) /\ \E n \in Node : Crash(n)
    \/ Seldom(40) /\ \E n \in Node : Wipe(n)
    \/ Seldom(20) /\ \E n \in Node :
          ElectionTimeout(n) \/ Campaign(n) \/ QuorumCheck(n) \/ SendSnapshot(n)
    \/ Seldom(5) /\ \E n \in Node :
          \/ Propose(n) \/ Heartbeat(n) \/ Compact(n) \/ ReceiveRead(n)
          \/ AddLearner(n) \/ RemoveLearner(n) \/ ChangeVoters(n) \/ Readmit(n)
    \/ Seldom(2) /\ \E n \in Node : SendAppend(n)
    \/ \E n \in Node :
          \/ Flush(n) \/ Persisted(n) \/ StartElection(n) \/ BecomeLeader(n)
          \/ Acknowledge(n) \/ AdvanceCommit(n) \/ LeaveJoint(n) \/ Retire(n)
          \/ SnapshotStored(n) \/ ConfirmRead(n)
    \/ \E m \in messages :
          \/ ReceivePreVoteRequest(m.to, m) \/ ReceivePreVoteResponse(m.to, m)
          \/ ReceiveVoteRequest(m.to, m) \/ ReceiveVoteResponse(m.to, m)
          \/ ReceiveAppend(m.to, m) \/ ReceiveAppendResponse(m.to, m)
          \/ ReceiveHeartbeat(m.to, m) \/ ReceiveHeartbeatResponse(m.to, m)
          \/ ReceiveOutdated(m.to, m) \/ ReceiveSnapshot(m.to, m)

\* A walk goes on when the dice have left nothing to do.
Wait == UNCHANGED variables

Walk == (WalkNext /\ variables' # variables /\ Bounds') \/ Wait

\* From a leader in office.
WalkSpec == LedInit /\ [][Walk]_variables

\* From the very beginning.
FoundSpec == Init /\ [][Walk]_variables
=============================================================================
