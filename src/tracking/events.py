"""TensorBoard event files, written without torch's SummaryWriter (whose import takes seconds).

Points are gathered in memory and appended in one write, so that a thousand members cost neither
threads nor open files.
"""

import io
import os
import socket
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tensorboard.compat.proto import types_pb2
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import DATA_CLASS_TENSOR, Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.custom_scalar.metadata import CONFIG_SUMMARY_TAG
from tensorboard.plugins.hparams import api_pb2, plugin_data_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

from src.tracking.files import EVENTS, append

HParam = str | float | int | bool
Buckets = npt.NDArray[np.float32]  # [k, 3]: left edge, right edge, count


@dataclass(frozen=True)
class Resumed:
    """An event file that is there: its name, and the tags that it has declared."""

    name: str
    declared: Collection[str]


class EventFile:
    """One member's event file; nothing reaches the disk before flush()."""

    def __init__(self, folder: Path, resumed: Resumed | None = None) -> None:
        self._buffer = io.BytesIO()
        self._writer = RecordWriter(self._buffer)
        self._declared: set[str] = set()
        if resumed is not None:
            self.path = folder / resumed.name
            self._declared.update(resumed.declared)
            return
        now = time.time()
        # TensorBoard reads the files of a run in the order of their names: within one second, too.
        earlier = len(list(folder.glob(f"{EVENTS}*")))
        place = f"{socket.gethostname()}.{os.getpid()}.{earlier}"
        self.path = folder / f"{EVENTS}{int(now)}.{place}"
        self._write(Event(wall_time=now, file_version="brain.Event:2"))

    @property
    def declared(self) -> tuple[str, ...]:
        """The tags whose kind TensorBoard has been told: it reads that of the first point alone."""
        return tuple(sorted(self._declared))

    def scalar(self, tag: str, step: int, value: float) -> None:
        point = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
        self._write(Event(wall_time=time.time(), step=step, summary=point))

    def histogram(self, tag: str, step: int, buckets: Buckets) -> None:
        shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=size) for size in buckets.shape])
        content = np.ascontiguousarray(buckets, dtype="<f4").tobytes()
        tensor = TensorProto(dtype=types_pb2.DT_FLOAT, tensor_shape=shape, tensor_content=content)
        self._tensor("histograms", tag, step, tensor)

    def image(self, tag: str, step: int, png: bytes, size: tuple[int, int]) -> None:
        """size: width and height."""
        width, height = size
        image = Summary.Image(width=width, height=height, encoded_image_string=png)
        value = Summary.Value(tag=tag, image=image)
        self._write(Event(wall_time=time.time(), step=step, summary=Summary(value=[value])))

    def text(self, tag: str, step: int, markdown: str) -> None:
        self._tensor("text", tag, step, _string(markdown.encode()))

    def layout(self, layout: layout_pb2.Layout) -> None:
        """Of the custom scalars. TensorBoard shows equal charts of several runs once."""
        content = _string(layout.SerializeToString())
        self._tensor("custom_scalars", CONFIG_SUMMARY_TAG, 0, content)

    def hparams_experiment(
        self,
        columns: Mapping[str, HParam],
        first: Collection[str],
        metrics: Mapping[str, tuple[str, str]],
    ) -> None:
        """What the HParams tab shows. columns: any value of each, for its type.

        TensorBoard wants the same keys, with the same types, from every run that it shows. It
        lists those that differ before the others, and shows few: `first` are said to differ.
        metrics: a scalar's tag -> heading and description of its column.
        """
        experiment = api_pb2.Experiment(
            hparam_infos=[
                api_pb2.HParamInfo(name=key, type=_hparam_type(value), differs=key in first)
                for key, value in columns.items()
            ],
            metric_infos=[
                api_pb2.MetricInfo(
                    name=api_pb2.MetricName(tag=tag),
                    display_name=heading,
                    description=description,
                )
                for tag, (heading, description) in metrics.items()
            ],
        )
        data = plugin_data_pb2.HParamsPluginData
        self._hparams("experiment", data(experiment=experiment, version=0))

    def hparams_session(self, values: Mapping[str, HParam], started: float, success: bool) -> None:
        """The row of a member that has ended. started: seconds since the epoch.

        In no group: of sessions whose groups have one name, members of two sweeps with one label,
        TensorBoard makes one row of means. Without a name a row is that of its run.
        """
        start = plugin_data_pb2.SessionStartInfo(start_time_secs=started)
        for key, value in values.items():
            field = {bool: "bool_value", str: "string_value"}.get(type(value), "number_value")
            setattr(start.hparams[key], field, value)
        status = api_pb2.STATUS_SUCCESS if success else api_pb2.STATUS_FAILURE
        end = plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=time.time())
        data = plugin_data_pb2.HParamsPluginData
        self._hparams("session_start_info", data(session_start_info=start, version=0))
        self._hparams("session_end_info", data(session_end_info=end, version=0))

    def flush(self) -> None:
        append(self.path, self._buffer.getvalue())
        self._buffer.seek(0)
        self._buffer.truncate()

    def _hparams(self, tag: str, data: plugin_data_pb2.HParamsPluginData) -> None:
        plugin = SummaryMetadata.PluginData(plugin_name="hparams", content=data.SerializeToString())
        metadata = SummaryMetadata(plugin_data=plugin)
        value = Summary.Value(tag=f"_hparams_/{tag}", metadata=metadata)
        self._write(Event(wall_time=time.time(), summary=Summary(value=[value])))

    def _tensor(self, plugin: str, tag: str, step: int, tensor: TensorProto) -> None:
        value = Summary.Value(tag=tag, tensor=tensor)
        if tag not in self._declared:  # of a tag, TensorBoard reads the first metadata alone
            self._declared.add(tag)
            value.metadata.plugin_data.plugin_name = plugin
            value.metadata.data_class = DATA_CLASS_TENSOR
        self._write(Event(wall_time=time.time(), step=step, summary=Summary(value=[value])))

    def _write(self, event: Event) -> None:
        self._writer.write(event.SerializeToString())


def _string(content: bytes) -> TensorProto:
    """A tensor of no dimension that holds one string."""
    return TensorProto(
        dtype=types_pb2.DT_STRING, tensor_shape=TensorShapeProto(), string_val=[content]
    )


def _hparam_type(value: HParam) -> int:
    types = {bool: api_pb2.DATA_TYPE_BOOL, str: api_pb2.DATA_TYPE_STRING}
    return int(types.get(type(value), api_pb2.DATA_TYPE_FLOAT64))
