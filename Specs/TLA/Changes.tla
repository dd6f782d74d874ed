------------------------------ MODULE Changes ------------------------------
(***************************************************************************)
(* Changes of the membership (thesis chapter 4).                           *)
(*                                                                         *)
(* A membership counts from the moment its entry is appended, at each      *)
(* node, and no longer once the entry is cut off: it is read from the log  *)
(* (RaftTypes!MembershipOf) and kept nowhere else.  Voters change only     *)
(* through a joint membership.  A leader takes a change when it has        *)
(* committed an entry of its term, and when the newest membership is       *)
(* committed and plain.                                                    *)
(*                                                                         *)
(* A node that has begun anew comes back by `Readmit`: once it is a mere   *)
(* learner, which `ChangeVoters` makes it, its incarnation is overwritten. *)
(* So the voters are pairs of a name and an incarnation, and nothing that  *)
(* an earlier one promised is taken for a promise of the later one.        *)
(*                                                                         *)
(* How far a learner must be to be made a voter decides how long a commit  *)
(* may take and not whether it is safe: it is left out.                    *)
(***************************************************************************)
EXTENDS RaftState

MayChange(s) ==
    /\ s.role = "leader"
    /\ s.commit >= s.firstIndex
    /\ MembershipIndex(s.log) <= s.commit
    /\ ~IsJoint(Configuration(s))

\* A leader looks after the members of the new membership.  Of those who join, and of one that has begun
\* anew, it knows nothing yet.
AppendMembership(n, s, next) ==
    LET stays == {p \in Members(Configuration(s)) \cap Members(next) :
                     Pins(Configuration(s), p, next.incarnation[p])}
    IN  Become(n, [s EXCEPT
            !.log = AppendEntry(@, s.term, next),
            !.match = [p \in Node |-> IF p \in stays THEN s.match[p] ELSE 0],
            !.answered = [p \in Node |-> IF p \in stays THEN s.answered[p] ELSE 0],
            !.active = @ \cap stays])

AddLearner(n) ==
    LET s == node[n]
        old == Configuration(s)
    IN  /\ MayChange(s)
        /\ \E p \in Node \ Members(old) :
              AppendMembership(n, s, [old EXCEPT !.learners = @ \cup {p},
                                                 !.incarnation[p] = node[p].incarnation])
        /\ UnchangedHistory

RemoveLearner(n) ==
    LET s == node[n]
        old == Configuration(s)
    IN  /\ MayChange(s)
        /\ \E p \in old.learners :
              AppendMembership(n, s, [old EXCEPT !.learners = @ \ {p}, !.incarnation[p] = 0])
        /\ UnchangedHistory

\* Voters leave, become learners, or come from the learners: any set of them may vote next.
ChangeVoters(n) ==
    LET s == node[n]
        old == Configuration(s)
    IN  /\ MayChange(s)
        /\ \E next \in (SUBSET Members(old)) \ {{}, old.incoming} :
           \E stay \in SUBSET (old.incoming \ next) :
              AppendMembership(n, s,
                  Membership(next, old.incoming, (old.learners \ next) \cup stay, old.incarnation))
        /\ UnchangedHistory

\* Those who leave have left; what was known of them is forgotten.
LeaveJoint(n) ==
    LET s == node[n]
        old == Configuration(s)
        staying == old.incoming \cup old.learners
    IN  /\ s.role = "leader"
        /\ s.commit >= s.firstIndex
        /\ IsJoint(old)
        /\ MembershipIndex(s.log) <= s.commit
        /\ AppendMembership(n, s,
               Membership(old.incoming, {}, old.learners,
                          [p \in Node |-> IF p \in staying THEN old.incarnation[p] ELSE 0]))
        /\ UnchangedHistory

Readmit(n) ==
    LET s == node[n]
        old == Configuration(s)
    IN  /\ MayChange(s)
        /\ \E p \in old.learners :
              /\ old.incarnation[p] \notin {0, node[p].incarnation}
              /\ AppendMembership(n, s, [old EXCEPT !.incarnation[p] = node[p].incarnation])
        /\ UnchangedHistory

\* A leader that is no voter any more leads until that is committed.
Retire(n) ==
    LET s == node[n]
    IN  /\ MayChange(s)
        /\ n \notin Voters(Configuration(s))
        /\ Become(n, Following(s, None))
        /\ UnchangedHistory
=============================================================================
