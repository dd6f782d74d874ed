----------------------------- MODULE Snapshots -----------------------------
(***************************************************************************)
(* Compaction, and what a follower gets whose entries are gone (thesis 5). *)
(*                                                                         *)
(* A snapshot covers only what is committed and durable in the own log, so *)
(* the log can be cut in front at once, on the disk too.  In the core a    *)
(* snapshot may end further on than the log begins; here they are one.     *)
(*                                                                         *)
(* A snapshot that comes is written beside the log for as long as that     *)
(* takes (`incoming`), whatever happens meanwhile, and then takes the      *)
(* place of the log, unless this has caught up.  The pieces in which it    *)
(* comes are left out.                                                     *)
(***************************************************************************)
EXTENDS Replication

Compact(n) ==
    LET s == node[n]
    IN  /\ \E i \in (s.log.base.index + 1)..Min({s.commit, s.durable.index}) :
              /\ Has(s.disk.log, EntryID(i, TermAt(s.log, i)))
              /\ Become(n, [s EXCEPT
                     !.log = CompactLog(@, i),
                     !.disk.log = CompactLog(@, i),
                     !.unfinished = [k \in 1..Len(@) |->
                         [@[k] EXCEPT !.image.log = CompactLog(@, i)]]])
        /\ UnchangedHistory

SendSnapshot(n) ==
    LET s == node[n]
    IN  /\ s.role = "leader"
        /\ s.log.base # Zero
        /\ \E p \in Members(Configuration(s)) \ {n} :
              Say(n, s, {Message("snapshot", n, p, s.term,
                     [end |-> s.log.base, members |-> s.log.members])})
        /\ UnchangedHistory

\* A log must not be newer than the term beside it, also not after a crash.
ReceiveSnapshot(n, m) ==
    LET s == FollowLeader(HearTerm(node[n], m.term), m.from)
        end == m.body.end
    IN  /\ Comes(n, m, "snapshot")
        /\ m.term >= node[n].term
        /\ Become(n,
               IF end.index <= s.commit \/ Has(s.log, end)
               THEN [s EXCEPT !.verified = Max({@, end.index, s.commit}),
                              !.commit = Max({@, end.index})]
               ELSE IF end.term <= s.durable.term
                    THEN [s EXCEPT !.incoming = m.body] ELSE s)
        /\ UnchangedHistory

\* The log begins anew behind it; all that was written of the old one counts no more.
Install(s, end, members) ==
    LET log == [base |-> end, members |-> members, entries |-> << >>]
    IN  [s EXCEPT !.log = log, !.commit = end.index, !.verified = end.index,
                  !.disk.log = log, !.durable.index = end.index,
                  !.unfinished = [k \in 1..Len(@) |->
                      [@[k] EXCEPT !.image.log = log, !.index = end.index]]]

SnapshotStored(n) ==
    LET s == [node[n] EXCEPT !.incoming = None]
        end == node[n].incoming.end
    IN  /\ node[n].incoming # None
        /\ Become(n,
               IF Has(s.log, end)
               THEN CommitTo(IF s.role = "follower" THEN [s EXCEPT !.verified = Max({@, end.index})]
                             ELSE s, end.index)
               ELSE IF end.index < s.log.base.index
                    THEN s
                    ELSE Install(IF s.role = "follower" THEN s ELSE Following(s, None),
                                 end, node[n].incoming.members))
        /\ UnchangedHistory
=============================================================================
