------------------------------ MODULE Registry ------------------------------
(***************************************************************************)
(* Cluster time, beats and expiry, on top of a log that is decided.        *)
(*                                                                         *)
(* Of consensus only this is left: there is one log of committed entries;  *)
(* now and then another node leads, and whoever leads has all of them      *)
(* (LeaderCompleteness of module Raft).                                    *)
(*                                                                         *)
(* The leader stamps each entry with the cluster time.  It goes on from    *)
(* the newest time in its log, so the clock stands still while nobody      *)
(* leads; and a gap in which its own loop was held up is not counted, for  *)
(* then it could hear nobody.  Losing the leader, and its being held up,   *)
(* are one step here (`Lose`), as are the ends of both (`StartDriving`).   *)
(*                                                                         *)
(* The registry is a function of the log: who is due at an `AdvanceTime`   *)
(* follows from the state in front of it.  A silence equal to the timeout  *)
(* is not yet too long.  A beat is for one generation, and says nothing    *)
(* to a later one.  That silent instances are first marked unhealthy and   *)
(* then removed, each after a timeout of its own, is left out: here is one *)
(* timeout.                                                                *)
(*                                                                         *)
(* `unheard` is known to nobody: for how long, and no longer than matters, *)
(* somebody could have heard an instance and nothing was committed of it.  *)
(***************************************************************************)
EXTENDS Naturals, FiniteSets

CONSTANTS
    Instance,
    Timeout,         \* ticks of silence that are borne
    MaxClock,        \* bounds of the search
    MaxGeneration,
    MaxLosses,
    CountsGaps       \* a mistake to be found: FALSE

VARIABLES
    clock,       \* the cluster time that whoever leads would stamp
    led,         \* whether somebody leads whose loop runs
    gap,         \* for how long nobody has
    losses,      \* how often that came to an end
    stamped,     \* the newest time in the log
    registry,    \* what the log has made of each instance
    alive,       \* the generation that each believes itself to be, 0 when it is dead
    flying,      \* beats that wait in a batch
    unheard

variables == << clock, led, gap, losses, stamped, registry, alive, flying, unheard >>

Absent == [isLive |-> FALSE, generation |-> 0, lastBeat |-> 0]

Init ==
    /\ clock = 0 /\ led = FALSE /\ gap = 0 /\ losses = 0 /\ stamped = 0
    /\ registry = [i \in Instance |-> Absent]
    /\ alive = [i \in Instance |-> 0]
    /\ flying = {}
    /\ unheard = [i \in Instance |-> 0]

----------------------------------------------------------------------------
\* Time

Tick ==
    /\ IF led
       THEN /\ clock < MaxClock
            /\ clock' = clock + 1
            /\ unheard' = [i \in Instance |->
                   IF unheard[i] > Timeout THEN unheard[i] ELSE unheard[i] + 1]
            /\ UNCHANGED gap
       ELSE /\ gap < MaxClock
            /\ gap' = gap + 1
            /\ UNCHANGED << clock, unheard >>
    /\ UNCHANGED << led, losses, stamped, registry, alive, flying >>

\* With it goes what was not committed: batches, and time that no entry bears.
Lose ==
    /\ led /\ losses < MaxLosses
    /\ led' = FALSE
    /\ losses' = losses + 1
    /\ gap' = 0
    /\ flying' = {}
    /\ UNCHANGED << clock, stamped, registry, alive, unheard >>

\* Another one, which knows no time but that of the log, or the same one, which knows its own.
StartDriving ==
    /\ ~led
    /\ led' = TRUE
    /\ \E time \in {stamped, clock} :
          clock' = IF CountsGaps /\ time + gap <= MaxClock THEN time + gap ELSE time
    /\ gap' = 0
    /\ UNCHANGED << losses, stamped, registry, alive, flying, unheard >>

----------------------------------------------------------------------------
\* Instances, and commands: each is committed at the time that the leader stamps on it

\* An instance comes up, or registers anew as another generation.
Register(i) ==
    /\ led /\ registry[i].generation < MaxGeneration
    /\ stamped' = clock
    /\ registry' = [registry EXCEPT ![i] =
           [isLive |-> TRUE, generation |-> @.generation + 1, lastBeat |-> clock]]
    /\ alive' = [alive EXCEPT ![i] = registry[i].generation + 1]
    /\ unheard' = [unheard EXCEPT ![i] = 0]
    /\ UNCHANGED << clock, led, gap, losses, flying >>

\* The beat is gathered with others.
Beat(i) ==
    /\ led /\ alive[i] # 0
    /\ flying' = flying \cup {[instance |-> i, generation |-> alive[i]]}
    /\ UNCHANGED << clock, led, gap, losses, stamped, registry, alive, unheard >>

Concerned == {i \in Instance :
    registry[i].isLive /\ [instance |-> i, generation |-> registry[i].generation] \in flying}

CommitBeats ==
    /\ led /\ flying # {}
    /\ stamped' = clock
    /\ registry' = [i \in Instance |->
           IF i \in Concerned THEN [registry[i] EXCEPT !.lastBeat = clock] ELSE registry[i]]
    /\ unheard' = [i \in Instance |-> IF i \in Concerned THEN 0 ELSE unheard[i]]
    /\ flying' = {}
    /\ UNCHANGED << clock, led, gap, losses, alive >>

IsDue(i) == registry[i].isLive /\ clock - registry[i].lastBeat > Timeout

\* Proposed when something may be due.
AdvanceTime ==
    /\ led /\ \E i \in Instance : IsDue(i)
    /\ stamped' = clock
    /\ registry' = [i \in Instance |->
           IF IsDue(i) THEN [registry[i] EXCEPT !.isLive = FALSE] ELSE registry[i]]
    /\ UNCHANGED << clock, led, gap, losses, alive, flying, unheard >>

\* An instance dies.  Its last beat may still be on its way, and come when it is another one.
Die(i) ==
    /\ alive[i] # 0
    /\ alive' = [alive EXCEPT ![i] = 0]
    /\ UNCHANGED << clock, led, gap, losses, stamped, registry, flying, unheard >>

Next ==
    \/ Tick \/ Lose \/ StartDriving \/ CommitBeats \/ AdvanceTime
    \/ \E i \in Instance : Register(i) \/ Beat(i) \/ Die(i)

Fairness ==
    /\ WF_variables(Tick) /\ WF_variables(StartDriving)
    /\ WF_variables(CommitBeats) /\ WF_variables(AdvanceTime)

Spec == Init /\ [][Next]_variables /\ Fairness

----------------------------------------------------------------------------
\* Safety

\* Time in the log never falls, and no beat is from the future.
TimeIsInOrder ==
    /\ stamped <= clock
    /\ \A i \in Instance : registry[i].lastBeat <= stamped

ClockNeverFalls == [][stamped' >= stamped]_variables

\* Cluster time counts no silence in which nobody could have heard.
SilenceIsReal ==
    \A i \in Instance : registry[i].isLive /\ unheard[i] <= Timeout =>
        clock - registry[i].lastBeat <= unheard[i]

\* So nobody is removed but for a silence longer than the timeout, towards leaders that could hear.
OnlySilentOnesGo ==
    [][\A i \in Instance :
          registry[i].isLive /\ ~registry'[i].isLive => unheard[i] > Timeout]_variables

\* No beat of an earlier generation keeps a later one alive: who is told of a beat that counts believes itself
\* to be that generation, or is dead by now.
OldBeatsSayNothing ==
    [][\A i \in Instance :
          /\ registry[i].isLive /\ registry'[i].generation = registry[i].generation
          /\ registry'[i].lastBeat # registry[i].lastBeat
          => [instance |-> i, generation |-> registry[i].generation] \in flying]_variables

----------------------------------------------------------------------------
\* Liveness: who is silent for ever goes, as far as the bounds let time go

SilentOnesGo ==
    \A i \in Instance :
        (registry[i].isLive /\ alive[i] = 0 /\ registry[i].lastBeat + Timeout < MaxClock)
            ~> (~registry[i].isLive \/ alive[i] # 0 \/ registry[i].lastBeat + Timeout >= MaxClock)
=============================================================================
