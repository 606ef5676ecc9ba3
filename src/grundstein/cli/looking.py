"""Room cli. In: files and tables -> Out: ingested batches, and what is in the tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from grundstein.cli.terminal import Json, finding_rows, grid, project, say, say_json


def ingest(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help="A file, a folder, or a glob in quotes.")],
    table: Annotated[str, typer.Option(help="The table's name.")],
    key: Annotated[str, typer.Option(help="Columns, with commas: a row replaces the table's row of its key.")] = "",
    dates: Annotated[str, typer.Option(help="Order of ambiguous dates: dmy, mdy or ymd.")] = "",
    sheet: Annotated[str, typer.Option(help="The sheet of a workbook.")] = "",
    encoding: Annotated[str, typer.Option(help="The encoding, where it is known.")] = "",
    header: Annotated[str, typer.Option(help="The line of the header, 1-2 for two joined lines, or none.")] = "",
    delimiter: Annotated[str, typer.Option(help="What parts the columns; also: tab, space.")] = "",
    quote: Annotated[str, typer.Option(help="What stands around a value that holds the delimiter.")] = "",
    escape: Annotated[str, typer.Option(help="What stands before a quotation mark inside a value.")] = "",
    decimal: Annotated[str, typer.Option(help="The decimal sign: comma or point.")] = "",
    format_: Annotated[str, typer.Option("--format", help="Read as `log`, or a .log file as `table`.")] = "",
    session: Annotated[str, typer.Option(help="log: what a session is: file, gap:MINUTES or an expression.")] = "",
    year: Annotated[str, typer.Option(help="log: the year, where the times do not say it.")] = "",
    as_json: Json = False,
) -> None:
    """Read a file into a governed table; rows that break its contract are kept aside with the reason.

    Example: grundstein ingest customers.csv --table customers
    """
    from dataclasses import asdict

    from grundstein import flow

    given = {"dates": dates, "sheet": sheet, "encoding": encoding, "header": header, "delimiter": delimiter}
    given |= {"quote": quote, "escape": escape, "decimal": {"comma": ",", "point": "."}.get(decimal, decimal)}
    given |= {"format": format_, "session": session, "year": year}
    opened = project(context)
    settings = {name: value for name, value in given.items() if value}
    batch = flow.ingest(opened, source, table, settings, [name.strip() for name in key.split(",") if name.strip()])
    if as_json:
        say_json(
            asdict(batch)
            | {"findings": [{"code": f.code, "section": f.section, "text": f.text()} for f in batch.findings]}
        )
        return
    aside = f"; {batch.rejected:,} kept aside in {table}__rejected" if batch.rejected else ""
    say([("Read", f"{batch.source}: {batch.rows:,} rows into {table}{aside}", "")])
    if key and batch.rows:
        added = batch.rows - batch.updated - batch.unchanged
        say([("By key", f"{batch.updated:,} updated, {added:,} added, {batch.unchanged:,} unchanged", "")])
    say(finding_rows(batch.findings, "Noticed", "issue", "tip"))
    say([("Next", f"grundstein show {table}", "")])


def tables(context: typer.Context, as_json: Json = False) -> None:
    """List the tables.

    Example: grundstein tables
    """
    from grundstein.lake import looking as lake

    rows = lake.tables(project(context)).to_pylist()
    say_json(rows) if as_json else grid(rows)


def show(
    context: typer.Context, table: Annotated[str, typer.Argument(help="The table, or a case.")], as_json: Json = False
) -> None:
    """Show what is in each column of a table; or where a case stands: judged, signed, at work, watched.

    Example: grundstein show customers
    """
    from grundstein.cli.show import print_table
    from grundstein.cli.standing import print_case
    from grundstein.lake import looking as lake

    opened = project(context)
    if table in opened.case_names() and table not in opened.tables.names():
        print_case(opened, table, as_json)
    else:
        print_table(lake.show(opened, table), as_json)


def sql(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="One SELECT over the tables.")],
    to: Annotated[str, typer.Option(help="Write to FILE.xlsx, .csv or .parquet.")] = "",
    as_json: Json = False,
) -> None:
    """Ask the tables by SQL: one SELECT, governed tables only, with limits on time and memory.

    Example: grundstein sql "select Contract, count(*) from customers group by 1" --to contracts.xlsx
    """
    from grundstein.lake import looking as lake

    found: Any = lake.sql(project(context), query)
    if to:
        lake.write_out(found, Path(to))
        say([("Wrote", f"{to}: {found.num_rows:,} rows", "")])
    elif as_json:
        say_json(found.to_pylist())
    else:
        grid(found.to_pylist())


COMMANDS = (ingest, tables, show, sql)
