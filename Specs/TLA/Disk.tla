-------------------------------- MODULE Disk --------------------------------
(***************************************************************************)
(* Writes, what they make true, and what a crash leaves.                   *)
(*                                                                         *)
(* Any number of writes may be under way; they end in order.  A crash may  *)
(* find some of them on the disk of which the core was never told: so it   *)
(* can come back with more than it has vouched for, and never with less.   *)
(***************************************************************************)
EXTENDS RaftState

Image(s) == [term |-> s.term, vote |-> s.vote, log |-> s.log]

\* What the disk shows once all writes are done.
Newest(s) ==
    IF s.unfinished = << >> THEN s.disk ELSE s.unfinished[Len(s.unfinished)].image

\* Begins a write of all that has changed.
Flush(n) ==
    LET s == node[n]
    IN  /\ Newest(s) # Image(s)
        /\ Become(n, [s EXCEPT !.unfinished =
               Append(@, [image |-> Image(s), index |-> LastIndex(s.log)])])
        /\ UnchangedHistory

\* The oldest write is durable, and the core hears of it.  What waited for that leaves; the own vote counts.
Persisted(n) ==
    LET s == node[n]
        write == Head(s.unfinished)
        told == [s EXCEPT !.unfinished = Tail(@),
                          !.disk = write.image,
                          !.durable = [term |-> write.image.term, vote |-> write.image.vote,
                                       index |-> Max({s.durable.index, write.index})]]
        voted == IF told.role = "candidate" /\ told.vote = n
                 THEN [told EXCEPT !.granted = @ \cup {n}] ELSE told
    IN  /\ s.unfinished # << >>
        /\ IF IsHardStateDurable(told)
           THEN /\ node' = [node EXCEPT ![n] = [voted EXCEPT !.held = {}]]
                /\ messages' = messages \cup Stamped(n, s, s.held)
           ELSE Become(n, told)
        /\ UnchangedHistory

\* What a node knows when it has read its disk.
Restarted(s, image) ==
    [NewNode(s.incarnation, image.log.members) EXCEPT
        !.term = image.term, !.vote = image.vote, !.log = image.log,
        !.commit = image.log.base.index, !.verified = image.log.base.index,
        !.disk = image,
        !.durable = [term |-> image.term, vote |-> image.vote, index |-> LastIndex(image.log)]]

\* The first `done` of the unfinished writes have reached the disk.
Crash(n) ==
    LET s == node[n]
    IN  /\ \E done \in 0..Len(s.unfinished) :
              Become(n, Restarted(s, IF done = 0 THEN s.disk ELSE s.unfinished[done].image))
        /\ UnchangedHistory

\* The disk is lost with all that it held.  The node begins anew under its name, as another incarnation.
Wipe(n) ==
    /\ Become(n, NewNode(node[n].incarnation + 1, Nobody))
    /\ UnchangedHistory
=============================================================================
