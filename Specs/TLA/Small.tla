-------------------------------- MODULE Small --------------------------------
(***************************************************************************)
(* Raft within bounds, for the configurations Small*.cfg.  A bound of 0    *)
(* leaves a part out.  Nodes that are all founders are alike.              *)
(***************************************************************************)
EXTENDS Raft, TLC

CONSTANTS
    MaxTerm,          \* of any node
    MaxLog,           \* entries in any log
    MaxChanges,       \* memberships in any log
    MaxBase,          \* how far a log is compacted
    MaxIncarnation,   \* how often, and once more, a node is new
    MaxRound,         \* heartbeats of one leader
    MaxUnfinished,    \* writes under way at one node
    MaxMessages       \* that were ever sent

Bounds ==
    /\ Cardinality(messages) <= MaxMessages
    /\ \A n \in Node :
          LET s == node[n]
          IN  /\ s.term <= MaxTerm
              /\ LastIndex(s.log) <= MaxLog
              /\ s.log.base.index <= MaxBase
              /\ s.incarnation <= MaxIncarnation
              /\ s.round <= MaxRound
              /\ Len(s.unfinished) <= MaxUnfinished
              /\ Cardinality({i \in 1..Len(s.log.entries) :
                                 s.log.entries[i].members # None}) <= MaxChanges

\* A leader is in office and has committed its first entry, which all voters have on their disks: to look at
\* what comes then.
Leader == CHOOSE n \in Founders : TRUE

Settled(n) ==
    LET log == AppendEntry(EmptyLog(Founding), 1, None)
        image == [term |-> 1, vote |-> Leader, log |-> log]
    IN  [NewNode(1, Founding) EXCEPT
            !.term = 1, !.vote = Leader, !.log = log, !.disk = image, !.verified = 1,
            !.durable = [term |-> 1, vote |-> Leader, index |-> 1],
            !.leader = Leader, !.hearsLeader = TRUE]

LedInit ==
    /\ node = [n \in Node |->
          IF n = Leader
          THEN [Settled(n) EXCEPT !.role = "leader", !.commit = 1, !.firstIndex = 1, !.verified = 0,
                                  !.match = [p \in Node |-> IF p \in Founders THEN 1 ELSE 0]]
          ELSE IF n \in Founders THEN Settled(n) ELSE NewNode(1, Nobody)]
    /\ messages = {}
    /\ elected = {<< 1, << Leader, 1 >> >>}
    /\ committed = {[index |-> 1, term |-> 1, by |-> 1]}
    /\ reads = {}

\* Steps that would leave the bounds, or change nothing, are not taken.
Step == Next /\ variables' # variables /\ Bounds'

SmallSpec == Init /\ [][Step]_variables

LedSpec == LedInit /\ [][Step]_variables

Alike == Permutations(Founders)
=============================================================================
