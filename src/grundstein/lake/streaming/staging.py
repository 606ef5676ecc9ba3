"""Room lake. In: Sifted parts one after the other -> Out: Spool, their rows on the disk until the keys are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from grundstein.lake.contracts.casting import schema
from grundstein.lake.reading.raw import BROKEN
from grundstein.lake.streaming.keys import AT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from grundstein.core.contract import Contract
    from grundstein.lake.streaming.sifting import Sifted

LINE = "_line"


class Spool:
    """Rows and rows put aside of an arrival on the disk, part by part, in order; read only after `close`."""

    def __init__(self, folder: Path, contract: Contract) -> None:
        self.schema = schema(contract)
        self.names = tuple(self.schema.names)
        self._rows, self._aside = folder / "rows.arrow", folder / "aside.arrow"
        self._writers = (
            pa.ipc.new_file(str(self._rows), self.schema.append(pa.field(LINE, pa.int64()))),
            pa.ipc.new_file(str(self._aside), BROKEN),
        )
        self.starts = [0]
        self.put_aside = 0

    def write(self, sifted: Sifted) -> None:
        """Add a part."""
        rows = sifted.rows.append_column(LINE, pa.array(sifted.line, pa.int64()))
        for writer, table in zip(self._writers, (rows, sifted.aside), strict=True):
            writer.write_batch(_one(table))
        self.starts.append(self.starts[-1] + rows.num_rows)
        self.put_aside += sifted.aside.num_rows

    def close(self) -> None:
        """End the writing."""
        for writer in self._writers:
            writer.close()

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.starts[-1]

    def parts(self) -> Iterator[tuple[int, pa.RecordBatch, pa.RecordBatch]]:
        """Every part: its number, its rows with their lines, and those put aside."""
        with pa.OSFile(str(self._rows)) as one, pa.OSFile(str(self._aside)) as two:
            rows, aside = pa.ipc.open_file(one), pa.ipc.open_file(two)
            for number in range(rows.num_record_batches):
                yield number, rows.get_batch(number), aside.get_batch(number)

    def reader(self, names: Sequence[str]) -> pa.RecordBatchReader:
        """Some columns of all rows, and the position of each as `_at`."""
        fields = [self.schema.get_field_index(name) for name in names]
        found = pa.schema([self.schema.field(at) for at in sorted(fields)] + [pa.field(AT, pa.int64())])

        def batches() -> Iterator[pa.RecordBatch]:
            with pa.OSFile(str(self._rows)) as file:
                options = pa.ipc.IpcReadOptions(included_fields=sorted(fields))
                rows = pa.ipc.open_file(file, options=options)
                for number in range(rows.num_record_batches):
                    at = np.arange(self.starts[number], self.starts[number + 1], dtype=np.int64)
                    columns = [*rows.get_batch(number).columns, pa.array(at)]
                    yield pa.RecordBatch.from_arrays(columns, schema=found)

        return pa.RecordBatchReader.from_batches(found, batches())

    def within(self, positions: NDArray[np.int64], number: int) -> NDArray[np.int64]:
        """Of sorted positions those inside a part, counted from its beginning."""
        begin, end = np.searchsorted(positions, (self.starts[number], self.starts[number + 1]))
        return positions[begin:end] - self.starts[number]


def _one(table: pa.Table) -> pa.RecordBatch:
    batches = table.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)
