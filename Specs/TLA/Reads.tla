-------------------------------- MODULE Reads --------------------------------
(***************************************************************************)
(* Linearizable reads without an entry (ReadIndex, thesis 6.4).            *)
(*                                                                         *)
(* The leader notes its commit index, which says something once an entry   *)
(* of its term is committed, and waits until a quorum has answered a round *)
(* of heartbeats that was sent after the read came.  Rounds are numbered   *)
(* by the leader alone within one term.                                    *)
(*                                                                         *)
(* A follower that is asked asks its leader: its read is the leader's, a   *)
(* little later.  Leases are in module Lease.                              *)
(***************************************************************************)
EXTENDS RaftState

CONSTANT Read   \* the names of reads

\* What is committed anywhere at this moment must be seen by a read that comes now.
Floor == Max({0} \cup {c.index : c \in committed})

ReceiveRead(n) ==
    LET s == node[n]
    IN  /\ s.role = "leader"
        /\ s.commit >= s.firstIndex
        /\ \E r \in Read \ {known.id : known \in reads} :
              /\ Become(n, [s EXCEPT !.pending = @ \cup
                     {[id |-> r, index |-> s.commit, round |-> s.round + 1]}])
              /\ reads' = reads \cup {[id |-> r, floor |-> Floor, index |-> None]}
        /\ UNCHANGED << elected, committed >>

ConfirmRead(n) ==
    LET s == node[n]
    IN  /\ s.role = "leader"
        /\ \E read \in s.pending :
              /\ HasQuorum(Configuration(s),
                     {p \in Node : IF p = n THEN s.round >= read.round
                                   ELSE s.answered[p] >= read.round})
              /\ Become(n, [s EXCEPT !.pending = @ \ {read}])
              /\ reads' = {IF r.id = read.id THEN [r EXCEPT !.index = read.index] ELSE r :
                              r \in reads}
        /\ UNCHANGED << elected, committed >>
=============================================================================
