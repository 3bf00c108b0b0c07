"""A preprocessor of mdBook, for links of the repository that a book of docs/ alone does not have: named in book.toml.

ARCHITECTURE.md is included, so what it calls docs/x.md is x.md here. What lies outside of docs/ is named, not linked.
"""

import json
import re
import sys
from collections.abc import Iterator
from posixpath import dirname, normpath

LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)#:]+)(#[^)]*)?\)")


def within_the_book(chapter: dict) -> str:
    """The text of a chapter, with links that lead somewhere."""
    directory = dirname(chapter["path"] or "")

    def replaced(link: re.Match) -> str:
        text, target, place = link[1], link[2], link[3] or ""
        if target.startswith("docs/"):
            return f"[{text}]({target.removeprefix('docs/')}{place})"
        if not (outside := normpath(f"{directory}/{target}" if directory else target)).startswith("../"):
            return link[0]
        name = outside.removeprefix("../")
        return text if name.rstrip("/") == text.strip("`/") else f"{text} (`{name}`)"

    return LINK.sub(replaced, chapter["content"])


def chapters(items: list) -> Iterator[dict]:
    """Each chapter, those below others too."""
    for item in items:
        if isinstance(item, dict) and (chapter := item.get("Chapter")):
            yield chapter
            yield from chapters(chapter["sub_items"])


if __name__ == "__main__":
    # `supports RENDERER`: all of them.
    if len(sys.argv) == 1:
        _context, book = json.load(sys.stdin)
        for found in chapters(book["items"]):
            found["content"] = within_the_book(found)
        json.dump(book, sys.stdout)
