"""matplotlib's SVG, made fit to stand among others on one page."""

import re
from dataclasses import dataclass
from xml.etree import ElementTree

SVG, LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"
ARM = re.compile(r"arm-(\d+)-")
REFERENCE = re.compile(r"url\(#([^)]+)\)")
NUMBER = re.compile(r"-?\d+\.\d+(?:e[+-]?\d+)?")
PRECISE = ("d", "x", "y", "points", "transform")
# Dropped: what other programs read, and matplotlib's style, which would hold for the whole page.
FOREIGN = (f"{SVG}metadata", f"{SVG}style")


@dataclass(frozen=True)
class Embedded:
    """An <svg> whose ids begin with its name, and whose elements of the arm in place k have
    data-arm="k". width: in points."""

    text: str
    width: float


def embedded(text: str, name: str) -> Embedded:
    """text: an <svg> element of our own drawing. The page names it, by the id caption-<name>."""
    ElementTree.register_namespace("", SVG[1:-1])
    root = ElementTree.fromstring(text)  # noqa: S314 (our own)
    used = set(REFERENCE.findall(text)) | set(re.findall(r'href="#([^"]+)"', text))
    width = float(root.attrib.pop("width").removesuffix("pt"))
    del root.attrib["height"]
    root.attrib.pop("version", None)
    root.attrib |= {"role": "img", "aria-labelledby": f"caption-{name}"}
    seen: set[str] = set()
    for element in root.iter():
        _without_foreign(element)
        _renamed(element, name, used, seen)
    return Embedded(ElementTree.tostring(root, encoding="unicode"), width)


def _without_foreign(element: ElementTree.Element) -> None:
    for child in list(element):
        if child.tag in FOREIGN:
            element.remove(child)
    # Line breaks between elements; text has none.
    if element.tag != f"{SVG}text" and element.tag != f"{SVG}tspan":
        element.text = None
    element.tail = None if element.tag != f"{SVG}tspan" else element.tail


def _renamed(element: ElementTree.Element, name: str, used: set[str], seen: set[str]) -> None:
    """Ids that nothing refers to go."""
    identity = element.attrib.pop("id", "")
    if arm := ARM.match(identity):
        element.set("data-arm", arm[1])
    if identity and (identity in used or arm) and identity not in seen:
        element.set("id", f"{name}--{identity}")
    seen.add(identity)
    if target := element.attrib.pop(LINK, ""):
        element.set("href", f"#{name}--{target[1:]}" if target.startswith("#") else target)
    if element.tag == f"{SVG}text":
        element.set("style", element.get("style", "").replace("var(--arm-", "var(--word-"))
    for key, value in element.attrib.items():
        if "url(#" in value:
            element.set(key, REFERENCE.sub(rf"url(#{name}--\1)", value))
        elif key in PRECISE:
            element.set(key, NUMBER.sub(_short, value))


def _short(number: re.Match[str]) -> str:
    """A hundredth of a point is finer than any screen."""
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")
