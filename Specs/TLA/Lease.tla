-------------------------------- MODULE Lease --------------------------------
(***************************************************************************)
(* Why a leader that has a lease may read without asking (thesis 6.4.1).   *)
(*                                                                         *)
(* Here is one leader, the voters beside it, and nothing of the log.  Who  *)
(* hears a heartbeat promises to help nobody to depose the leader until    *)
(* its own election timer, set anew by it, has run out.  The leader counts *)
(* a round that a quorum has answered from the moment at which it was      *)
(* *sent*, and less than was promised, for the clocks may err.  A voter    *)
(* that comes up anew may have promised, and stands by it.                 *)
(*                                                                         *)
(* True time goes on in ticks of `Unit`; with each one a clock goes on by  *)
(* `Unit - Drift` or by `Unit + Drift`.  Terms, transfers and changes of   *)
(* the membership, which end a lease at once, are left out.                *)
(***************************************************************************)
EXTENDS Naturals, FiniteSets

CONSTANTS
    Voter,       \* beside the leader
    Unit, Drift,
    Promise,     \* how long a promise lasts, on the clock of whoever gives it
    Certain,     \* how much of that the leader counts on, on its own clock: Promise * (1 - 2 * Drift / Unit)
    MaxTicks, MaxRounds

VARIABLES
    ticks,
    clock,       \* of the leader
    voterClock,
    sentAt,      \* of each round, by the leader's clock
    heard,       \* the voters that have heard each round
    answered,    \* and whose answer has come back
    boundUntil,  \* by each voter's clock
    leaseEnd,    \* by the leader's clock
    deposed      \* whether a quorum has elected another one

variables == << ticks, clock, voterClock, sentAt, heard, answered, boundUntil, leaseEnd, deposed >>

Round == 1..MaxRounds

Init ==
    /\ ticks = 0 /\ clock = 0 /\ leaseEnd = 0 /\ deposed = FALSE
    /\ voterClock = [v \in Voter |-> 0]
    /\ sentAt = << >>
    /\ heard = [r \in Round |-> {}]
    /\ answered = [r \in Round |-> {}]
    /\ boundUntil = [v \in Voter |-> 0]

Quorum(some) == 2 * (Cardinality(some) + 1) > Cardinality(Voter) + 1   \* the leader is one of them

Pass ==
    /\ ticks < MaxTicks
    /\ ticks' = ticks + 1
    /\ \E step \in {Unit - Drift, Unit + Drift} : clock' = clock + step
    /\ \E fast \in SUBSET Voter :
          voterClock' = [v \in Voter |->
              voterClock[v] + (IF v \in fast THEN Unit + Drift ELSE Unit - Drift)]
    /\ UNCHANGED << sentAt, heard, answered, boundUntil, leaseEnd, deposed >>

SendRound ==
    /\ DOMAIN sentAt # Round
    /\ sentAt' = [r \in 1..(Cardinality(DOMAIN sentAt) + 1) |->
                     IF r \in DOMAIN sentAt THEN sentAt[r] ELSE clock]
    /\ UNCHANGED << ticks, clock, voterClock, heard, answered, boundUntil, leaseEnd, deposed >>

HearRound(v) ==
    /\ ~deposed
    /\ \E r \in DOMAIN sentAt :
          /\ v \notin heard[r]
          /\ heard' = [heard EXCEPT ![r] = @ \cup {v}]
    /\ boundUntil' = [boundUntil EXCEPT ![v] = voterClock[v] + Promise]
    /\ UNCHANGED << ticks, clock, voterClock, sentAt, answered, leaseEnd, deposed >>

ExtendLease(v) ==
    \E r \in DOMAIN sentAt :
        /\ v \in heard[r] \ answered[r]
        /\ answered' = [answered EXCEPT ![r] = @ \cup {v}]
        /\ leaseEnd' = IF Quorum(answered'[r]) /\ sentAt[r] + Certain > leaseEnd
                       THEN sentAt[r] + Certain ELSE leaseEnd
        /\ UNCHANGED << ticks, clock, voterClock, sentAt, heard, boundUntil, deposed >>

\* What it has promised is forgotten; that it may have, is not.
Restart(v) ==
    /\ boundUntil' = [boundUntil EXCEPT ![v] = voterClock[v] + Promise]
    /\ UNCHANGED << ticks, clock, voterClock, sentAt, heard, answered, leaseEnd, deposed >>

\* The leader itself helps nobody while it leads.
Depose ==
    /\ LET free == {v \in Voter : voterClock[v] >= boundUntil[v]}
       IN  2 * Cardinality(free) > Cardinality(Voter) + 1
    /\ deposed' = TRUE
    /\ UNCHANGED << ticks, clock, voterClock, sentAt, heard, answered, boundUntil, leaseEnd >>

Next ==
    \/ Pass \/ SendRound \/ Depose
    \/ \E v \in Voter : HearRound(v) \/ ExtendLease(v) \/ Restart(v)

Spec == Init /\ [][Next]_variables

\* Nobody else can have committed anything while the leader answers from its own state.
LeaseIsSafe == deposed => clock >= leaseEnd
=============================================================================
