"""What must hold for an estimate to be the effect, in words for those who read it."""

COMMON = (
    "No hidden causes: whatever makes plans end sooner or later and also makes a second plan more or less likely is "
    "among the columns used. Severity that nobody recorded is not.",
    "Every kind of child could have had every level (each length, say): where some never do, the figures rest on the "
    "model alone.",
    "A level is one thing: how a plan came to be so long does not matter for what follows, nor do other children's.",
    "Children who left observation (moved away, or the extract ended) are like those who stayed, given the columns.",
)
OF_MODELS = ("The model of the risk is right for the columns and for how the level works together with them.",)
OF_WEIGHTS = ("The model of how long plans last, given the columns, is right.",)
DOUBLY_ROBUST = ("One of the two models is right: that of the risk, or that of how long plans last (and of leaving).",)
