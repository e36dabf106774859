"""The commands of model cards."""

from pathlib import Path
from typing import Annotated

import typer

from .options import DEFAULT_STORE, Store, refuse_unwritable


def card(
    model: Annotated[str, typer.Argument(help="models:/NAME@champion, models:/NAME/VERSION, or runs:/RUN_ID/model.")],
    out: Annotated[Path, typer.Option(help="The file to write: .html, .md or .json.", readable=False)],
    council: Annotated[
        Path | None, typer.Option(help="YAML file of what only the council knows.", readable=False)
    ] = None,
    store: Store = DEFAULT_STORE,
) -> None:
    """Write the model card of a tracked model, with what the council states now."""
    from ..report import tracked_model_card, write_report

    refuse_unwritable(out)
    made = tracked_model_card(model, council=council, store=store)
    write_report(out, made)
    if made.warning:
        typer.echo(f"{made.warning[0]}.")
    typer.echo(f"The card is in {out}.")


def council_template(
    out: Annotated[Path, typer.Option(help="The YAML file to write.", readable=False)] = Path("council.yaml"),
) -> None:
    """Write an empty file of what only the council knows, for model cards: each field with its question."""
    from ..report import council_template as template
    from ..report import write_report

    refuse_unwritable(out)
    write_report(out, template())
    typer.echo(f"Fill in {out}; an experiment names it under council, a card with --council.")
