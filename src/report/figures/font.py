"""The pictures' font: DejaVu Sans, cut to the letters that are needed.

A PDF with Type 42 fonts takes five times as long where its font has first to be cut from the whole
of DejaVu Sans (759 kB, with the rules of many scripts). Cut once, that costs once.
"""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from fontTools import subset
from matplotlib.font_manager import FontProperties, findfont, fontManager

WHOLE, CUT = "DejaVu Sans", "Report Sans"
# What is not in the cut font, as of a name in Greek, is taken from the whole one.
FAMILIES = (CUT, WHOLE)
# Latin with its accents; minus, dots, dashes.
LETTERS = (*range(0x20, 0x7F), *range(0xA0, 0x180), 0x2212, 0x2026, 0x2013, 0x2014)
# Rules of scripts, and the date of the font editor.
RULES = ("GSUB", "GPOS", "GDEF", "kern", "FFTM")


@cache
def ready() -> TemporaryDirectory[str]:
    """Make the font known to matplotlib; the folder of its files, gone with the process."""
    folder = TemporaryDirectory(prefix="report-font-")
    for weight in ("normal", "bold"):
        path = Path(folder.name) / f"{weight}.ttf"
        _cut(Path(findfont(FontProperties(family=WHOLE, weight=weight))), path)
        fontManager.addfont(path)
    return folder


def _cut(source: Path, target: Path) -> None:
    options = subset.Options(layout_features=[], glyph_names=True)
    options.drop_tables += RULES
    with subset.load_font(str(source), options) as font:
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=LETTERS)
        cutter.subset(font)
        for record in font["name"].names:
            if record.nameID in (1, 16):  # the family
                record.string = CUT
        subset.save_font(font, str(target), options)
