"""Pictures for the stories made by hand."""

from __future__ import annotations

from grundstein.core.figures import Figure

CURVE = Figure(
    "learning_curve",
    "line",
    {"en": "Would more rows help?", "de": "Würden mehr Zeilen helfen?"},
    {"rows": (660, 1320, 2640, 5280), "reached": (0.829, 0.838, 0.843, 0.845)},
    "rows",
    "reached",
    labels={"rows": {"en": "rows learnt from", "de": "gelernte Zeilen"}, "reached": {"en": "roc_auc", "de": "roc_auc"}},
)
SLICES = Figure(
    "weakest_slices",
    "interval",
    {"en": "Where the new answer gains least", "de": "Wo die neue Antwort am wenigsten bringt"},
    {
        "slice": ("Contract: Two year", "InternetService: No", "tenure: 55–72"),
        "gain": (-0.4, 0.2, 0.9),
        "low": (-1.1, -0.6, -0.5),
        "high": (0.3, 1.0, 2.3),
        "units": (1271, 1145, 1320),
    },
    "slice",
    "gain",
    labels={"gain": {"en": "gain per unit", "de": "Gewinn je Fall"}},
)
CALIBRATION = Figure(
    "calibration",
    "diagonal",
    {"en": "Does it happen as often as foretold?", "de": "Tritt es so oft ein wie vorhergesagt?"},
    {"foretold": (0.02, 0.08, 0.19, 0.37, 0.66), "happened": (0.03, 0.07, 0.21, 0.36, 0.64)},
    "foretold",
    "happened",
    labels={
        "en": {"foretold": "foretold share", "happened": "share that happened"},
        "de": {"foretold": "vorhergesagter Anteil", "happened": "eingetretener Anteil"},
    },
)
SHARE = Figure(
    "gain_by_share",
    "line",
    {"en": "What acting on more units brings", "de": "Was es bringt, bei mehr Fällen zu handeln"},
    {"share": (0.0, 0.1, 0.2, 0.3, 0.5, 1.0), "value": (0.0, 6.1, 9.4, 10.3, 4.0, -12.3)},
    "share",
    "value",
    labels={"en": {"share": "share acted on", "value": "value per unit"}},
)
