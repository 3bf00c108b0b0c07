"""Fails on links of a built book that lead nowhere: `python3 .ci/book_links.py target/book`.

Looked at are the links and pictures of every page to files of the book, and to places in them. What is elsewhere is not asked for.
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# mdBook's own: all pages in one, and what is shown where there is none.
NOT_PAGES = {"print.html", "404.html"}


class Page(HTMLParser):
    """What a page points to, and the places in it that can be pointed to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.places: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.places.add(value)
            elif name in ("href", "src") and value:
                self.targets.append(value)


def main(book: Path) -> list[str]:
    """Says of every link that leads nowhere where it is."""
    pages = {path.resolve(): Page(path) for path in sorted(book.rglob("*.html")) if path.name not in NOT_PAGES}
    wrong = []
    for path, page in pages.items():
        for target in page.targets:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            file = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if file.is_dir():
                file /= "index.html"
            if not file.is_file():
                wrong.append(f"{path.relative_to(book.resolve())}: {target} is not in the book")
            elif parts.fragment and file in pages and unquote(parts.fragment) not in pages[file].places:
                wrong.append(f"{path.relative_to(book.resolve())}: {target} is not in that page")
    print(f"{len(pages)} pages, {sum(len(page.targets) for page in pages.values())} links")
    return wrong


if __name__ == "__main__":
    if found := main(Path(sys.argv[1])):
        sys.exit("\n".join(found))
