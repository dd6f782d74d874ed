----------------------------- MODULE RaftState -----------------------------
(***************************************************************************)
(* The state of a cluster, and what all its steps have in common.          *)
(*                                                                         *)
(* `node` is what each node knows, one record a node, with the names that  *)
(* the core in Sources/Raft uses.  What only one role has is there in all  *)
(* roles and empty in the others.                                          *)
(*                                                                         *)
(* `messages` is all that was ever sent.  Nothing is taken out of it: a    *)
(* message may be received at any time, twice, in any order, or never.     *)
(*                                                                         *)
(* Disks are asynchronous.  `unfinished` holds the writes that were begun, *)
(* oldest first, each as the image that the disk shows once it is done.    *)
(* `durable` is what the core has been told.  `held` are messages that     *)
(* rest on a term or vote that is not durable yet; when it is, they leave. *)
(* A leader's appends and everybody's heartbeats do not wait for entries.  *)
(*                                                                         *)
(* A message is for the incarnation of its addressee that is there when it *)
(* leaves (`meant`): connections and queues of another one are dropped.    *)
(*                                                                         *)
(* `elected`, `committed` and `reads` are known to nobody.  They remember  *)
(* what the invariants need.                                               *)
(***************************************************************************)
EXTENDS RaftTypes

CONSTANTS
    Founders,     \* the first voters
    PreVote,      \* whether a campaign first asks if it could win
    CheckQuorum   \* whether leaders need to hear a quorum, and voters stand by them

VARIABLES
    node,
    messages,
    elected,      \* pairs of a term and the identity that led in it
    committed,    \* [index, term, by]: committed by the leader of the term `by`
    reads         \* [id, floor, index]: how much was committed when it came, and its answer

variables == << node, messages, elected, committed, reads >>

Founding == Membership(Founders, {}, {}, [n \in Node |-> IF n \in Founders THEN 1 ELSE 0])

\* A node without a disk to remember anything, as it comes up for the first time.
NewNode(incarnation, members) ==
    [incarnation |-> incarnation,
     term |-> 0, vote |-> None,
     role |-> "follower",
     log |-> EmptyLog(members),
     commit |-> 0,
     \* the disk
     disk |-> [term |-> 0, vote |-> None, log |-> EmptyLog(members)],
     unfinished |-> << >>,
     durable |-> [term |-> 0, vote |-> None, index |-> 0],
     held |-> {},
     \* a follower
     leader |-> None, hearsLeader |-> FALSE, verified |-> 0, incoming |-> None,
     \* a pre-candidate or candidate
     granted |-> {},
     \* a leader
     firstIndex |-> 0, match |-> [n \in Node |-> 0], active |-> {},
     round |-> 0, answered |-> [n \in Node |-> 0], pending |-> {}]

\* One who joins knows of no members, and so of no incarnations.
Nobody == Membership({}, {}, {}, [n \in Node |-> 0])

Init ==
    /\ node = [n \in Node |-> NewNode(1, IF n \in Founders THEN Founding ELSE Nobody)]
    /\ messages = {}
    /\ elected = {}
    /\ committed = {}
    /\ reads = {}

----------------------------------------------------------------------------
\* Questions to one node's record

Configuration(s) == MembershipOf(s.log)

Pins(m, n, incarnation) == m.incarnation[n] = 0 \/ m.incarnation[n] = incarnation

\* Whether it is the voter that its membership means by its name.
IsVoter(s, n) ==
    n \in Voters(Configuration(s)) /\ Pins(Configuration(s), n, s.incarnation)

IsHardStateDurable(s) == s.durable.term = s.term /\ s.durable.vote = s.vote

\* Whether it helps nobody to depose the present leader (thesis 4.2.3).
IsLoyal(s) == CheckQuorum /\ (s.role = "leader" \/ s.hearsLeader)

----------------------------------------------------------------------------
\* Changes of one node's record

\* What a leader or candidate had goes with the role.
Following(s, leader) ==
    [s EXCEPT !.role = "follower", !.leader = leader, !.hearsLeader = leader # None,
              !.verified = s.commit, !.granted = {}, !.firstIndex = 0,
              !.match = [n \in Node |-> 0], !.active = {},
              !.round = 0, !.answered = [n \in Node |-> 0], !.pending = {}]

\* The vote is forgotten only with the term, and messages of the old one need not leave any more.
BecomeFollower(s, term, leader) ==
    Following(IF term > s.term THEN [s EXCEPT !.term = term, !.vote = None, !.held = {}] ELSE s,
              leader)

\* Takes a newer term, if it is one.
HearTerm(s, term) == IF term > s.term THEN BecomeFollower(s, term, None) ELSE s

\* Follows the one that speaks as the leader of this node's term.
FollowLeader(s, leader) ==
    IF s.role = "follower"
    THEN [s EXCEPT !.leader = leader, !.hearsLeader = TRUE]
    ELSE BecomeFollower(s, s.term, leader)

\* A log that is cut has less on the disk than was written: no write vouches for what took the place.
CutLog(s, first) ==
    [s EXCEPT !.log = Truncate(s.log, first),
              !.durable.index = Min({s.durable.index, first - 1}),
              !.unfinished = [i \in 1..Len(s.unfinished) |->
                  [s.unfinished[i] EXCEPT !.index = Min({s.unfinished[i].index, first - 1})]]]

----------------------------------------------------------------------------
\* Messages

\* `incarnation` and `meant` are put in when it leaves.
Message(type, from, to, term, body) ==
    [type |-> type, from |-> from, to |-> to, term |-> term, body |-> body,
     incarnation |-> 0, meant |-> 0]

Stamped(n, s, some) ==
    {[m EXCEPT !.incarnation = s.incarnation, !.meant = node[m.to].incarnation] : m \in some}

\* The node's next state and what it says: at once, or when its term and vote are durable.
Say(n, s, some) ==
    IF IsHardStateDurable(s)
    THEN /\ node' = [node EXCEPT ![n] = s]
         /\ messages' = messages \cup Stamped(n, s, some)
    ELSE /\ node' = [node EXCEPT ![n] = [s EXCEPT !.held = @ \cup some]]
         /\ UNCHANGED messages

Become(n, s) == node' = [node EXCEPT ![n] = s] /\ UNCHANGED messages

UnchangedHistory == UNCHANGED << elected, committed, reads >>

\* Of one who comes with another incarnation than this node knows is heard what counts nothing that it has
\* promised: its word as a leader, and its wish to be elected if its log is newer.
Admits(s, m) ==
    \/ Pins(Configuration(s), m.from, m.incarnation)
    \/ m.type \in {"append", "heartbeat", "snapshot"}
    \/ /\ m.type \in {"preVoteRequest", "voteRequest"}
       /\ m.body.last # Last(s.log)
       /\ AtLeastAsUpToDate(m.body.last, Last(s.log))

\* A message that may be taken now.
Comes(n, m, type) ==
    /\ m.type = type
    /\ m.to = n
    /\ m.meant = node[n].incarnation
    /\ Admits(node[n], m)
=============================================================================
