"""What the checkers are run on, and what they must find."""

import collections

Run = collections.namedtuple("Run", "name constants finds summary", defaults=(None, ""))

# `finds`, a pattern, is what a planted mistake must violate; without it nothing may be found.
# Which of two breaks first is chance: breadth first, and two threads.
TWO_LEADERS = "ElectionSafety|LeaderCompleteness"
LOST_ENTRY = "LeaderCompleteness|StateMachineSafety"

MURPHI = [
    Run("replication", {"MaxTerm": 3, "MaxLog": 2}, summary="three voters, three terms, two entries"),
    Run("membership", {"MaxTerm": 2, "MaxLog": 3, "Changing": 1},
        summary="from one voter to the two others, two terms, three entries"),
    Run("seeded-1", {"MaxTerm": 2, "Seeded": 1}, TWO_LEADERS, "votes are forgotten"),
    Run("seeded-2", {"MaxTerm": 2, "Seeded": 2}, LOST_ENTRY,
        "entries are acknowledged before they are durable"),
    Run("seeded-4", {"MaxTerm": 2, "MaxLog": 3, "Changing": 1, "Seeded": 4}, TWO_LEADERS,
        "the new voters take over without a joint membership"),
    Run("seeded-5", {"MaxTerm": 2, "MaxLog": 3, "Changing": 1, "Seeded": 5},
        TWO_LEADERS,
        "the joint membership is left before it is committed"),
]

# By hand: make specs SPECS_FLAGS='--large'
MURPHI_LARGE = [
    Run("seeded-3", {"MaxTerm": 4, "Seeded": 3}, LOST_ENTRY,
        "entries of earlier terms are committed by counting (the thesis' Figure 3.7)"),
    Run("replication-3", {"MaxTerm": 3, "MaxLog": 3}, summary="the same with three entries"),
    Run("membership-3", {"MaxTerm": 3, "MaxLog": 3, "Changing": 1}, summary="the same in three terms"),
]

NO_LEADER = "acceptance cycle"

PROMELA = [
    Run("settles", {}, summary="with pre-votes, whatever links the third node has"),
    Run("settles-plain", {"PREVOTE": 0, "BRIDGED": 0}, summary="without pre-votes, the third node well or dead"),
    Run("starves", {"PREVOTE": 0}, NO_LEADER,
        "without pre-votes a node that hears nobody may keep the others from an election for ever"),
    Run("seeded-1", {"PREVOTE": 0, "BRIDGED": 0, "SEEDED": 1}, NO_LEADER,
        "a newer term starts the timer of a waiting node anew"),
    Run("seeded-2", {"SEEDED": 2}, NO_LEADER, "voters that hear a leader help to depose it"),
    Run("seeded-3", {"SEEDED": 3}, NO_LEADER, "who refuses a promise keeps its newer term to itself"),
]
