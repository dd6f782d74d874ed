-------------------------------- MODULE Raft --------------------------------
(***************************************************************************)
(* The whole protocol: all steps, what must always hold, and what must     *)
(* come to pass.  Read RaftTypes and RaftState first, then the modules     *)
(* below in any order.                                                     *)
(*                                                                         *)
(* What is meant to follow the letter of the core is the order in which    *)
(* things become durable and leave.  What is left out chooses between      *)
(* steps that are allowed anyway: timers, windows, hints, priorities.      *)
(* Leadership transfer is a campaign that does not ask for promises and    *)
(* that loyal voters hear; here `PreVote` and `CheckQuorum` as FALSE allow *)
(* it at any time.                                                         *)
(***************************************************************************)
EXTENDS Election, Disk, Changes, Snapshots, Reads

Next ==
    \/ \E n \in Node :
          \/ Flush(n) \/ Persisted(n) \/ Crash(n) \/ Wipe(n)
          \/ ElectionTimeout(n) \/ Campaign(n) \/ StartElection(n)
          \/ BecomeLeader(n) \/ QuorumCheck(n)
          \/ Propose(n) \/ SendAppend(n) \/ Acknowledge(n) \/ Heartbeat(n) \/ AdvanceCommit(n)
          \/ AddLearner(n) \/ RemoveLearner(n) \/ ChangeVoters(n) \/ LeaveJoint(n)
          \/ Readmit(n) \/ Retire(n)
          \/ Compact(n) \/ SendSnapshot(n) \/ SnapshotStored(n)
          \/ ReceiveRead(n) \/ ConfirmRead(n)
    \/ \E m \in messages :
          \/ ReceivePreVoteRequest(m.to, m) \/ ReceivePreVoteResponse(m.to, m)
          \/ ReceiveVoteRequest(m.to, m) \/ ReceiveVoteResponse(m.to, m)
          \/ ReceiveAppend(m.to, m) \/ ReceiveAppendResponse(m.to, m)
          \/ ReceiveHeartbeat(m.to, m) \/ ReceiveHeartbeatResponse(m.to, m)
          \/ ReceiveOutdated(m.to, m) \/ ReceiveSnapshot(m.to, m)

Spec == Init /\ [][Next]_variables

----------------------------------------------------------------------------
\* Safety

\* A term has one leader, and a leader one incarnation.
ElectionSafety ==
    \A a, b \in elected : a[1] = b[1] => a = b

\* Entries of one place and term have the same before them.
LogMatching ==
    \A a, b \in Node :
        LET p == node[a].log
            q == node[b].log
            low == Max({p.base.index, q.base.index})
            high == Min({LastIndex(p), LastIndex(q)})
        IN  \A i \in (low + 1)..high :
               TermAt(p, i) = TermAt(q, i) =>
                   /\ p.entries[i - p.base.index] = q.entries[i - q.base.index]
                   /\ TermAt(p, i - 1) = TermAt(q, i - 1)

\* A leader has all that leaders of earlier terms have committed.
LeaderCompleteness ==
    \A n \in Node : node[n].role = "leader" =>
        \A c \in committed : c.by < node[n].term =>
            \/ c.index < node[n].log.base.index
            \/ Has(node[n].log, EntryID(c.index, c.term))

\* Nobody takes two different entries of one place for committed.
StateMachineSafety ==
    /\ \A a, b \in committed : a.index = b.index => a.term = b.term
    /\ \A n \in Node : \A c \in committed :
          c.index <= node[n].commit /\ c.index >= node[n].log.base.index =>
              Has(node[n].log, EntryID(c.index, c.term))

\* What is taken for committed somewhere has been committed by a leader, and is in the log.
CommitIsBacked ==
    \A n \in Node :
        /\ node[n].commit >= node[n].log.base.index
        /\ node[n].commit <= LastIndex(node[n].log)
        /\ node[n].commit > 0 => \E c \in committed : c.index = node[n].commit

\* The core vouches for no more than its disk has, and for nothing that is not in its log.
DurabilityIsTrue ==
    \A n \in Node :
        LET s == node[n]
        IN  /\ s.durable.term = s.disk.term /\ s.durable.vote = s.disk.vote
            /\ s.durable.index <= LastIndex(s.disk.log)
            /\ s.durable.index <= LastIndex(s.log)
            /\ s.durable.index <= Max({s.log.base.index, Agreement(s.log, s.disk.log)})

\* What a leader counts as another one's, that one has on its disk, if it is still the same one.
MatchIsTrue ==
    \A n, p \in Node :
        /\ node[n].role = "leader" /\ n # p
        /\ node[p].term = node[n].term
        /\ Configuration(node[n]).incarnation[p] = node[p].incarnation
        => node[n].match[p] <= node[p].durable.index

\* Terms rise along a log, and no log is newer than the term beside it, in memory and on the disk.
TermsRise ==
    \A n \in Node :
        LET s == node[n]
        IN  /\ Last(s.log).term <= s.term
            /\ Last(s.disk.log).term <= s.disk.term
            /\ s.disk.term <= s.term
            /\ \A i \in (s.log.base.index + 1)..LastIndex(s.log) :
                  TermAt(s.log, i - 1) <= TermAt(s.log, i)

\* At most one membership of a leader's log is not committed, whether it knows that or not.
OneChangeAtATime ==
    \A n \in Node : node[n].role = "leader" =>
        Cardinality({i \in (Max({Floor, node[n].log.base.index}) + 1)..LastIndex(node[n].log) :
                        node[n].log.entries[i - node[n].log.base.index].members # None}) <= 1

\* A read sees all that was committed when it came.
ReadsAreCurrent ==
    \A r \in reads : r.index # None => r.index >= r.floor

----------------------------------------------------------------------------
\* Liveness, if nodes keep their disks, campaign neither too often nor too seldom, and all else that can happen
\* for ever does at some time.  No checker was run on these: terms have no bound, and `Spec` holds no fairness.
\* Promela/Election.pml checks the first on a model of its own.

IsLed == \E n \in Node : node[n].role = "leader" /\ node[n].commit >= node[n].firstIndex
EventuallyLed == []<>IsLed
JointIsLeft ==
    \A n \in Node : (node[n].role = "leader" /\ IsJoint(Configuration(node[n])))
                        ~> ~(node[n].role = "leader" /\ IsJoint(Configuration(node[n])))
IsPending(r) == \E n \in Node : \E read \in node[n].pending : read.id = r
ReadsEnd == \A r \in Read : IsPending(r) ~> ~IsPending(r)
=============================================================================
