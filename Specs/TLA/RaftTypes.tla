----------------------------- MODULE RaftTypes -----------------------------
(***************************************************************************)
(* What the other modules talk about: entries, logs and memberships, and   *)
(* what can be asked of them.  Nothing here changes anything.              *)
(*                                                                         *)
(* An entry is its term and the membership that it holds, or None; what    *)
(* commands say is of no matter.  A log begins behind a snapshot: `base`   *)
(* is the last entry that this covers, `members` the membership there.     *)
(*                                                                         *)
(* A membership knows each of its members by an incarnation, the number    *)
(* that was drawn when the data directory was made.  One who comes with    *)
(* another number has lost its disk, and with it all that it has promised. *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets

CONSTANTS
    Node,        \* the names of nodes
    None         \* no node, no membership, no snapshot

Max(S) == CHOOSE x \in S : \A y \in S : x >= y
Min(S) == CHOOSE x \in S : \A y \in S : x <= y

----------------------------------------------------------------------------
\* Entries and logs

EntryID(i, t) == [index |-> i, term |-> t]
Zero == EntryID(0, 0)

EmptyLog(members) == [base |-> Zero, members |-> members, entries |-> << >>]

LastIndex(log) == log.base.index + Len(log.entries)

\* Of a place that is neither before the base nor behind the end.
TermAt(log, i) ==
    IF i = log.base.index THEN log.base.term ELSE log.entries[i - log.base.index].term

Last(log) == EntryID(LastIndex(log), TermAt(log, LastIndex(log)))

Has(log, id) ==
    /\ id.index >= log.base.index
    /\ id.index <= LastIndex(log)
    /\ TermAt(log, id.index) = id.term

\* Drops the entry at `first` and all behind it.
Truncate(log, first) ==
    [log EXCEPT !.entries = SubSeq(log.entries, 1, first - 1 - log.base.index)]

AppendEntry(log, term, members) ==
    [log EXCEPT !.entries = Append(log.entries, [term |-> term, members |-> members])]

\* The entries first ... last.
Slice(log, first, last) ==
    SubSeq(log.entries, first - log.base.index, last - log.base.index)

AtLeastAsUpToDate(a, b) ==
    \/ a.term > b.term
    \/ (a.term = b.term /\ a.index >= b.index)

\* How far two logs that go back to the same base agree.
Agreement(a, b) ==
    LET low == IF a.base.index > b.base.index THEN a.base.index ELSE b.base.index
        high == Min({LastIndex(a), LastIndex(b)})
    IN  Max({low} \cup {i \in low..high : \A j \in low..i : TermAt(a, j) = TermAt(b, j)})

----------------------------------------------------------------------------
\* Memberships

\* `outgoing` is empty unless the membership is joint.
Membership(incoming, outgoing, learners, incarnation) ==
    [incoming |-> incoming, outgoing |-> outgoing, learners |-> learners,
     incarnation |-> incarnation]

IsJoint(m) == m.outgoing # {}
Voters(m) == m.incoming \cup m.outgoing
Members(m) == Voters(m) \cup m.learners

IsMajority(some, all) == 2 * Cardinality(some \cap all) > Cardinality(all)

HasQuorum(m, some) ==
    /\ IsMajority(some, m.incoming)
    /\ IsJoint(m) => IsMajority(some, m.outgoing)

\* Where the newest membership up to `i` stands, 0 for that of the base.
MembershipIndexAt(log, i) ==
    LET places == {j \in 1..(i - log.base.index) : log.entries[j].members # None}
    IN  IF places = {} THEN 0 ELSE log.base.index + Max(places)

MembershipAt(log, i) ==
    LET place == MembershipIndexAt(log, i)
    IN  IF place = 0 THEN log.members ELSE log.entries[place - log.base.index].members

\* The one that counts: the newest, committed or not.
MembershipIndex(log) == MembershipIndexAt(log, LastIndex(log))
MembershipOf(log) == MembershipAt(log, LastIndex(log))

----------------------------------------------------------------------------
\* Compaction

CompactLog(log, i) ==
    [base |-> EntryID(i, TermAt(log, i)),
     members |-> MembershipAt(log, i),
     entries |-> Slice(log, i + 1, LastIndex(log))]
=============================================================================
