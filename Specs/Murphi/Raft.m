-- Election, replication and membership, as Muster does them, for Rumur (a checker of the Murphi family).
--
-- The network. Nothing that was ever sent is taken away: a message may come at any time, late, twice, out
-- of order or never. So there are no channels here, only what was said. An append is a piece of the log
-- that the leader of a term had while it led; `spoken` keeps that log, also when its leader is long gone,
-- and anybody may hear any entry of it at any time (`Take`). An append of many entries is many of one.
--
-- What can only enable others is done at once. A vote counts when it is given; an entry is acknowledged
-- when it may be, and committed when enough have acknowledged it (`settle`). Whoever hears of these later,
-- or never, can do nothing that it could not do by waiting; and what is committed early must hold for
-- longer. For the same reason nobody steps down or takes a newer term without a purpose: a leader that is
-- one no more does what a leader may do that does nothing. Who campaigns, though, may have heard of any
-- term that there is (`Campaign`).
--
-- The disk. Term and vote are written as they change: the core lets nothing leave that rests on them before
-- they are durable, so a crash before that leaves what there would be had nothing been heard. The log on
-- the disk is behind by any amount (`Sync`), and all that a crash leaves (`Crash`, as often as you like).
--
-- What is left out. Pre-votes, the quorum check and random timers only keep nodes from campaigns; here
-- anybody may campaign at any time. Windows, batches and conflict hints only choose which piece of a log is
-- sent; here every piece may be. Followers' commit indexes decide nothing. Snapshots, incarnations, reads
-- and the order of writes are in ../TLA.
--
-- `Specs/check` replaces the constants: see there, and README.md for what was run.

const
  NodeCount: 3;
  MaxTerm: 3;
  MaxLog: 2;
  -- Whether the voters change: from one node to all the others, which is as far as a change can go.
  Changing: 0;
  -- A mistake that is to be found, 1 to 5; 0 for none. Each stands beside `Seeded =` below.
  Seeded: 0;

type
  Node: scalarset(NodeCount);
  Term: 0..MaxTerm;
  Office: 1..MaxTerm;
  Index: 0..MaxLog;
  Place: 1..MaxLog;
  Role: enum { Follower, Candidate, Leader };
  Kind: enum { Command, EnterJoint, LeaveJoint };
  -- Of term 0 where there is none.
  Entry: record term: Term; kind: Kind; end;
  Log: array [Place] of Entry;
  Membership: enum { Old, Joint, New };

var
  node: array [Node] of record
    term: Term;
    vote: Node;
    role: Role;
    log: Log;
    -- What a crash leaves of the log.
    diskLog: Log;
    -- A candidate's votes; a leader's knowledge of others' disks, and its commit index.
    granted: array [Node] of boolean;
    match: array [Node] of Index;
    commit: Index;
  end;

  -- The leaders that there have been, and all that they had to say.
  spoken: array [Office] of record leader: Node; log: Log; end;

  -- For the invariants only: what is committed, and the earliest term whose leader did it.
  committed: Log;
  committedIn: array [Place] of Term;

  -- The voters before and after the change. They do not vary.
  old: array [Node] of boolean;
  new: array [Node] of boolean;

----------------------------------------------------------------------------------------------------
-- Logs

function lastIndex(log: Log): Index;
begin
  for i: Place do
    if log[i].term = 0 then return i - 1; end;
  end;
  return MaxLog;
end;

function isAtLeastAsUpToDate(a: Log; b: Log): boolean;
var i: Index; j: Index; s: Term; t: Term;
begin
  i := lastIndex(a);
  j := lastIndex(b);
  if i > 0 then s := a[i].term; else s := 0; end;
  if j > 0 then t := b[j].term; else t := 0; end;
  return s > t | s = t & i >= j;
end;

-- How far two logs agree. Entries of one place and term are the same entry, as `Take` asserts.
function agreement(a: Log; b: Log): Index;
begin
  for i: Place do
    if a[i].term = 0 | a[i].term != b[i].term then return i - 1; end;
  end;
  return MaxLog;
end;

function durableIndex(n: Node): Index;
begin
  return agreement(node[n].log, node[n].diskLog);
end;

function isOnDisk(n: Node): boolean;
begin
  for i: Place do
    if node[n].log[i].term != node[n].diskLog[i].term then return false; end;
  end;
  return true;
end;

procedure truncate(var log: Log; first: Place);
begin
  for i: Place do
    if i >= first then log[i].term := 0; log[i].kind := Command; end;
  end;
end;

----------------------------------------------------------------------------------------------------
-- Memberships: the newest in the log counts, committed or not

-- Where it stands, 0 for the founding one.
function membershipIndex(log: Log): Index;
var found: Index;
begin
  found := 0;
  for i: Place do
    if log[i].kind != Command then found := i; end;
  end;
  return found;
end;

function membership(log: Log): Membership;
var i: Index;
begin
  i := membershipIndex(log);
  if i = 0 then return Old; end;
  if log[i].kind = EnterJoint then return Joint; end;
  return New;
end;

function isVoter(log: Log; n: Node): boolean;
var m: Membership;
begin
  m := membership(log);
  return m != New & old[n] | m != Old & new[n];
end;

function isMajority(some: array [Node] of boolean; all: array [Node] of boolean): boolean;
var balance: -NodeCount .. NodeCount;
begin
  balance := 0;
  for n: Node do
    if all[n] then
      if some[n] then balance := balance + 1; else balance := balance - 1; end;
    end;
  end;
  return balance > 0;
end;

-- Whether these nodes may decide under the membership that this log ends with.
function isQuorum(log: Log; some: array [Node] of boolean): boolean;
var m: Membership;
begin
  m := membership(log);
  return (m = New | isMajority(some, old)) & (m = Old | isMajority(some, new));
end;

----------------------------------------------------------------------------------------------------
-- Steps that several rules share

procedure follow(n: Node; term: Term);
begin
  if term > node[n].term then
    node[n].term := term;
    undefine node[n].vote;
  end;
  if node[n].role != Follower then
    node[n].role := Follower;
    node[n].commit := 0;
    for p: Node do
      node[n].granted[p] := false;
      node[n].match[p] := 0;
    end;
  end;
end;

procedure append(n: Node; kind: Kind);
var i: Index;
begin
  i := lastIndex(node[n].log) + 1;
  node[n].log[i].term := node[n].term;
  node[n].log[i].kind := kind;
  spoken[node[n].term].log[i] := node[n].log[i];
end;

-- The followers that hear this leader tell it how far their logs agree with its own and are durable.
procedure acknowledge(leader: Node);
var agreed: Index; durable: Index;
begin
  for p: Node do
    if p != leader & node[p].term = node[leader].term then
      agreed := agreement(node[p].log, node[leader].log);
      durable := durableIndex(p);
      if Seeded = 2 then durable := agreed; end;  -- 2: entries are acknowledged before they are durable
      if durable < agreed then agreed := durable; end;
      if agreed > node[leader].match[p] then node[leader].match[p] := agreed; end;
    end;
  end;
end;

-- The leader commits an entry of its term that a quorum has on its disks, and all before it. Its own disk
-- counts like any other.
procedure commit(leader: Node; i: Place);
var have: array [Node] of boolean;
begin
  alias self: node[leader] do
    for p: Node do have[p] := self.match[p] >= i; end;
    have[leader] := durableIndex(leader) >= i;
    if isQuorum(self.log, have) then
      self.commit := i;
      for j: Place do
        if j <= i then
          assert committed[j].term = 0 | committed[j].term = self.log[j].term
            "StateMachineSafety: two entries are committed at one place";
          if committed[j].term = 0 | committedIn[j] > self.term then committedIn[j] := self.term; end;
          committed[j] := self.log[j];
        end;
      end;
    end;
  end;
end;

-- What nobody can hear any more need not be kept: so states are equal that differ in nothing else.
procedure forgetOldTerms();
var isHeard: boolean;
begin
  for t: Office do
    if !isundefined(spoken[t].leader) then
      isHeard := false;
      for n: Node do
        if node[n].term <= t then isHeard := true; end;
      end;
      if !isHeard then
        undefine spoken[t].leader;
        truncate(spoken[t].log, 1);
      end;
    end;
  end;
end;

-- All that can only enable others.
procedure settle();
begin
  for n: Node do
    if node[n].role = Leader then
      acknowledge(n);
      for i: Place do
        if i > node[n].commit & node[n].log[i].term != 0
          & (node[n].log[i].term = node[n].term
            | Seeded = 3)  -- 3: entries of earlier terms are counted
        then commit(n, i); end;
      end;
    end;
  end;
  forgetOldTerms();
end;

----------------------------------------------------------------------------------------------------
-- The disk

ruleset n: Node do
  alias self: node[n] do

  rule "Sync"
    !isOnDisk(n)
  ==>
  begin
    self.diskLog := self.log;
    settle();
  end;

  rule "Crash"
    !isOnDisk(n) | Seeded = 1
  ==>
  begin
    self.log := self.diskLog;
    if Seeded = 1 then undefine self.vote; end;  -- 1: votes are forgotten
    follow(n, self.term);
    settle();
  end;

  end;
end;

----------------------------------------------------------------------------------------------------
-- Elections

ruleset n: Node; t: Office do
  alias self: node[n] do

  -- In the term after one that it may have heard of.
  rule "Campaign"
    t > self.term & isVoter(self.log, n) & exists p: Node do node[p].term >= t - 1 end
  ==>
  begin
    follow(n, t);
    self.role := Candidate;
    self.vote := n;
    self.granted[n] := true;
    settle();
  end;

  end;
end;

ruleset candidate: Node; voter: Node do
  alias asker: node[candidate]; self: node[voter] do

  rule "Vote"
    asker.role = Candidate
    & (asker.term > self.term | asker.term = self.term & isundefined(self.vote))
    & isAtLeastAsUpToDate(asker.log, self.log)
  ==>
  begin
    follow(voter, asker.term);
    self.vote := candidate;
    asker.granted[voter] := true;
    settle();
  end;

  end;
end;

ruleset n: Node do
  alias self: node[n] do

  rule "BecomeLeader"
    self.role = Candidate & lastIndex(self.log) < MaxLog & isQuorum(self.log, self.granted)
  ==>
  begin
    assert isundefined(spoken[self.term].leader) "ElectionSafety: two leaders in one term";
    follow(n, self.term);
    self.role := Leader;
    spoken[self.term].leader := n;
    spoken[self.term].log := self.log;
    append(n, Command);
    settle();
  end;

  end;
end;

----------------------------------------------------------------------------------------------------
-- Replication

ruleset n: Node do
  alias self: node[n] do

  rule "Propose"
    self.role = Leader & lastIndex(self.log) < MaxLog
  ==>
  begin
    append(n, Command);
    settle();
  end;

  -- An entry of a leader comes, with the term of the one before it.
  ruleset t: Office; i: Place do
    rule "Take"
      spoken[t].log[i].term != 0 & self.term <= t & !(self.term = t & self.role = Leader)
      & self.log[i].term != spoken[t].log[i].term
      & (i = 1 | self.log[i - 1].term = spoken[t].log[i - 1].term)
    ==>
    begin
      follow(n, t);
      truncate(self.log, i);
      self.log[i] := spoken[t].log[i];
      for j: Place do
        assert j >= i
          | self.log[j].term = spoken[t].log[j].term & self.log[j].kind = spoken[t].log[j].kind
          "LogMatching: logs that share an entry differ before it";
      end;
      settle();
    end;
  end;

  end;
end;

----------------------------------------------------------------------------------------------------
-- Membership

ruleset n: Node do
  alias self: node[n] do

  -- It has committed an entry of its term, and the newest membership.
  rule "ChangeMembership"
    Changing = 1 & self.role = Leader & membership(self.log) = Old & lastIndex(self.log) < MaxLog
    & self.commit > 0
  ==>
  begin
    append(n, Seeded = 4 ? LeaveJoint : EnterJoint);  -- 4: the new voters take over at once
    settle();
  end;

  rule "LeaveJoint"
    self.role = Leader & membership(self.log) = Joint & lastIndex(self.log) < MaxLog
    & (self.commit >= membershipIndex(self.log)
      | Seeded = 5)  -- 5: the joint membership is left before it is committed
  ==>
  begin
    append(n, LeaveJoint);
    settle();
  end;

  end;
end;

----------------------------------------------------------------------------------------------------

ruleset founder: Node do
  startstate "Found"
  begin
    for n: Node do
      undefine node[n].vote;
      node[n].term := 0;
      node[n].role := Follower;
      node[n].commit := 0;
      for p: Node do
        node[n].granted[p] := false;
        node[n].match[p] := 0;
      end;
      truncate(node[n].log, 1);
      truncate(node[n].diskLog, 1);
      old[n] := Changing = 0 | n = founder;
      new[n] := Changing = 0 | n != founder;
    end;
    for t: Office do
      undefine spoken[t].leader;
      truncate(spoken[t].log, 1);
    end;
    truncate(committed, 1);
    for i: Place do committedIn[i] := 0; end;
  end;
end;

----------------------------------------------------------------------------------------------------
-- What holds, besides the assertions in `BecomeLeader`, `Take` and `commit`

invariant "LeaderCompleteness: a leader has all that leaders of earlier terms commit, then or later"
  forall t: Office do
    isundefined(spoken[t].leader) | forall i: Place do
      committed[i].term = 0 | committedIn[i] >= t | spoken[t].log[i].term = committed[i].term
    end
  end;

----------------------------------------------------------------------------------------------------
-- What must happen somewhere, or the above says less than it seems to

cover "the last term has a leader"
  !isundefined(spoken[MaxTerm].leader);

cover "a leader commits an entry of an earlier one along with its own"
  exists i: Place do committedIn[i] > committed[i].term & committed[i].term > 0 end;

cover "a disk has another entry than the log, and a crash would bring it back"
  exists n: Node do exists i: Place do
    node[n].log[i].term != 0 & node[n].diskLog[i].term != 0 & node[n].log[i].term != node[n].diskLog[i].term
  end end;

cover "the new voters have committed that they are alone"
  Changing = 0 | exists n: Node do
    membership(node[n].log) = New & node[n].commit >= membershipIndex(node[n].log)
  end;
