"""The table of what caught which mistake, in README.md."""

START = "<!-- table: written by run.py --table -->"
HEAD = ["| row | mistake | caught by | s | what the first of them said |", "|---|---|---|---|---|"]


def shortened(text, limit=90):
    text = " ".join(text.split()).replace("|", "/")
    return text if len(text) <= limit else text[:limit].rsplit(" ", 1)[0] + " …"


def row(one, verdicts):
    caught = [v for v in verdicts if v.caught]
    if not caught:
        return f"| {one.row} | {one.mistake} | **nothing** | | |"
    names = ", ".join(v.catcher for v in caught)
    first = caught[0]
    return (f"| {one.row} | {one.mistake} | {names} | {first.seconds:.1f} | "
            f"{shortened(first.finding)} |")


def write(path, mutants, results):
    """Writes the rows of `results` anew; those of mutants that were not run stay as they are."""
    head, marker, old = path.read_text().partition(START)
    if not marker:
        raise SystemExit(f"{path} has no place for the table")
    known = {cells[2].strip(): line for line in old.splitlines() if len(cells := line.split("|")) > 3}
    lines = []
    for one in mutants:
        if one.name in results:
            lines.append(row(one, results[one.name]))
        elif one.mistake in known:
            lines.append(known[one.mistake])
    path.write_text("\n".join([head + START, "", *HEAD, *lines]) + "\n")
