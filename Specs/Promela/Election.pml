/* Whether a leader emerges and stays, for Spin: election liveness under weak fairness.
 *
 * Three nodes, and the worst of the past behind them. Terms, votes, roles, timers and logs are what an
 * arbitrary disorder may have left (`Disorder`): followers of leaders that are gone, waiting nodes, votes
 * given away, one old leader. From now on two nodes reach each other; the third one's four links may each
 * be cut for ever or not, so it may be dead, deaf, dumb, or a bridge.
 *
 * Time. Messages are fast and timers are slow: a campaign, or a round of heartbeats, with all its answers
 * is one step. A fixed timer does not run out while a leader's heartbeats come. Which of several timers
 * runs out first is left to an adversary, who need only let each node act again and again (weak fairness,
 * a process for each node). Two who campaign in the same moment, and split the votes, are thus not in the
 * model; against that stand random waits, and no fairness that Spin knows.
 *
 * Terms count from the lower one of the two at `LEVEL`, else a livelock that raises them for ever would be
 * no cycle (`rebase`). The third node is never further behind than that, nor further ahead than `MAX_TERM`.
 *
 * PREVOTE=0 leaves the pre-vote out, and BRIDGED=0 the links of the third node, which then is well or dead.
 * SEEDED wakes a mistake:
 *   1  a newer term starts the timer of a waiting node anew (found without pre-votes)
 *   2  voters that hear a leader promise and give their votes all the same
 *   3  whoever refuses a promise keeps its newer term to itself
 */

#ifndef PREVOTE
#define PREVOTE 1
#endif
#ifndef BRIDGED
#define BRIDGED 1
#endif
#ifndef SEEDED
#define SEEDED 0
#endif

#define N 3
#define NOBODY 3
#define LEVEL 2
#define MAX_TERM 6

mtype = { follower, candidate, leader };

mtype role[N] = follower;
byte term[N];
bool voted[N];
/* Whom it hears, within the election timeout. */
byte heard[N] = NOBODY;
/* Whether the fixed part of the election timeout is over: then it waits a random time, and campaigns. */
bool waiting[N];
/* How far its log goes, against those of the others. */
byte rank[N];
/* Whether messages get from one to the other. */
bool link[9];

#define reaches(a, b) link[(a) * N + (b)]
#define speaksTo(a, b) (reaches(a, b) && reaches(b, a))
#define hearsLeader(n) (role[n] == leader || heard[n] != NOBODY)
#define beats(l, n) (l != n && role[l] == leader && reaches(l, n) && term[l] >= term[n])
#define hasSilence(n) (!beats(0, n) && !beats(1, n) && !beats(2, n))

/* That this node leads, and one other, a quorum with it, stands by it. */
#define follows(n, l) (n != l && role[n] == follower && heard[n] == l && term[n] == term[l])
#define leads(l) (role[l] == leader && (follows(0, l) || follows(1, l) || follows(2, l)))

/* A newer term. Who waits to campaign goes on waiting: else a flood of terms from those who cannot win
 * would keep the only one that can from trying. */
inline takeTerm(taker, newer) {
    if
    :: role[taker] == follower && heard[taker] == NOBODY && SEEDED != 1 -> skip
    :: else -> waiting[taker] = false
    fi;
    role[taker] = follower;
    heard[taker] = NOBODY;
    voted[taker] = (newer == term[taker] && voted[taker]);
    term[taker] = newer
}

/* Terms as they differ from the lower one of the two. */
inline rebase() {
    do
    :: term[0] > LEVEL && term[1] > LEVEL ->
        term[0]--; term[1]--;
        term[2] = (term[2] > 0 -> term[2] - 1 : 0)
    :: else -> break
    od
}

/* One heartbeat of a leader to one node, and the answer. */
inline beat(sender, hearer) {
    if
    :: sender == hearer || role[sender] != leader || !reaches(sender, hearer) -> skip
    :: else ->
        if
        :: term[hearer] > term[sender] ->
            if
            :: reaches(hearer, sender) -> takeTerm(sender, term[hearer])
            :: else -> skip
            fi
        :: else ->
            if
            :: role[hearer] != follower || term[hearer] < term[sender] -> takeTerm(hearer, term[sender])
            :: else -> skip
            fi;
            heard[hearer] = sender;
            waiting[hearer] = false;
            rank[hearer] = rank[sender];
            answers = answers + (reaches(hearer, sender) -> 1 : 0)
        fi
    fi
}

/* A round of heartbeats, and the look whether a quorum has answered. */
inline Heartbeat(office) {
    answers = 1;
    beat(office, 0); beat(office, 1); beat(office, 2);
    if
    :: role[office] == leader && answers < 2 -> role[office] = follower; waiting[office] = false
    :: else -> skip
    fi;
    answers = 0
}

inline ElectionTimeout(idle) {
    heard[idle] = NOBODY;
    waiting[idle] = true
}

#define mayPromise(n) (!hearsLeader(n) || SEEDED == 2)

/* One node is asked for the promise of a vote. */
inline askPromise(asker, other) {
    if
    :: asker == other || !reaches(asker, other) || !reaches(other, asker) || !isAsking -> skip
    :: else ->
        if
        :: term[other] > term[asker] && SEEDED != 3 -> takeTerm(asker, term[other]); isAsking = false
        :: term[other] > term[asker] && SEEDED == 3 -> skip
        :: else -> answers = answers + (mayPromise(other) && rank[asker] >= rank[other] -> 1 : 0)
        fi
    fi
}

#define isFree(n, c) (!voted[n] && (heard[n] == NOBODY || SEEDED == 2) && rank[c] >= rank[n])

/* One node is asked for a vote. */
inline askVote(hopeful, voter) {
    if
    :: hopeful == voter || !reaches(hopeful, voter) || !isAsking -> skip
    :: term[hopeful] > term[voter] && hearsLeader(voter) && SEEDED != 2 -> skip
    :: else ->
        if
        :: term[hopeful] > term[voter] -> takeTerm(voter, term[hopeful])
        :: term[hopeful] < term[voter] && reaches(voter, hopeful) -> takeTerm(hopeful, term[voter]); isAsking = false
        :: else -> skip
        fi;
        if
        :: isAsking && term[hopeful] == term[voter] && isFree(voter, hopeful) ->
            voted[voter] = true;
            waiting[voter] = false;
            role[voter] = follower;
            answers = answers + (reaches(voter, hopeful) -> 1 : 0)
        :: else -> skip
        fi
    fi
}

/* Promises, votes, and the first heartbeats if it has won. The others are asked in one of two orders. */
inline Campaign(runner, first) {
    waiting[runner] = false;
    isAsking = true;
    answers = 1;
    if
    :: PREVOTE -> askPromise(runner, (runner + first) % N); askPromise(runner, (runner + 3 - first) % N)
    :: else -> answers = 2
    fi;
    if
    :: isAsking && answers >= 2 && term[runner] < MAX_TERM ->
        term[runner]++;
        voted[runner] = true;
        role[runner] = candidate;
        answers = 1;
        askVote(runner, (runner + first) % N); askVote(runner, (runner + 3 - first) % N);
        if
        :: isAsking && answers >= 2 ->
            role[runner] = leader;
            heard[runner] = NOBODY;
            beat(runner, (runner + first) % N); beat(runner, (runner + 3 - first) % N)
        :: else -> skip
        fi
    :: else -> skip
    fi;
    isAsking = false;
    answers = 0;
    rebase()
}

/* Scratch, zero between steps. */
byte answers;
bool isAsking;

proctype node(byte n) {
    do
    :: d_step { role[n] == leader -> Heartbeat(n); rebase(); skip }
    :: d_step { role[n] != leader && !waiting[n] && hasSilence(n) -> ElectionTimeout(n) }
    :: d_step { role[n] != leader && waiting[n] -> Campaign(n, 1); skip }
    :: d_step { role[n] != leader && waiting[n] -> Campaign(n, 2); skip }
    od
}

inline Disorder(any) {
    if :: term[any] = LEVEL :: term[any] = LEVEL + 1 fi;
    if :: voted[any] = false :: voted[any] = true fi;
    if :: rank[any] = 0 :: rank[any] = 1 fi;
    if
    :: waiting[any] = false
    :: waiting[any] = true
    :: heard[any] = (any + 1) % N  /* of which it does not know yet that it is gone */
    fi
}

inline elected(winner, supporter) {
    role[winner] = leader;
    term[winner] = LEVEL;
    voted[winner] = true;
    heard[winner] = NOBODY;
    waiting[winner] = false;
    voted[supporter] = (term[supporter] == LEVEL || voted[supporter])
}

init {
    atomic {
        Disorder(0); Disorder(1); Disorder(2);
        if :: term[2] = 0 :: skip fi;
        reaches(0, 1) = true; reaches(1, 0) = true;
        if
        :: BRIDGED ->
            if :: reaches(0, 2) = true :: skip fi;
            if :: reaches(2, 0) = true :: skip fi;
            if :: reaches(1, 2) = true :: skip fi;
            if :: reaches(2, 1) = true :: skip fi
        :: else ->
            if
            :: reaches(0, 2) = true; reaches(2, 0) = true; reaches(1, 2) = true; reaches(2, 1) = true
            :: skip
            fi
        fi;
        /* Perhaps one of them leads, by the vote of another. */
        if
        :: skip
        :: elected(0, 1)
        :: elected(2, 0)
        fi;
        run node(0); run node(1); run node(2)
    }
}

/* One of them leads for ever in the end. */
ltl settles { <>[] leads(0) || <>[] leads(1) || <>[] leads(2) }
