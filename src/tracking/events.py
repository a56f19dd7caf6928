"""TensorBoard event files, written without torch's SummaryWriter (whose import takes seconds).

Points are gathered in memory and appended in one write, so that a thousand members cost neither
threads nor open files.
"""

import io
import os
import socket
import time
from collections.abc import Collection, Mapping
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.plugins.hparams import api_pb2, plugin_data_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

HParam = str | float | int | bool


class EventFile:
    """One member's event file; nothing reaches the disk before flush()."""

    def __init__(self, folder: Path) -> None:
        now = time.time()
        host = socket.gethostname()
        self.path = folder / f"events.out.tfevents.{int(now)}.{host}.{os.getpid()}"
        self._buffer = io.BytesIO()
        self._writer = RecordWriter(self._buffer)
        self._write(Event(wall_time=now, file_version="brain.Event:2"))

    def scalar(self, tag: str, step: int, value: float, when: float | None = None) -> None:
        point = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
        self._write(Event(wall_time=when or time.time(), step=step, summary=point))

    def hparams(
        self,
        name: str,
        values: Mapping[str, HParam],
        first: Collection[str],
        metrics: Mapping[str, str],
    ) -> None:
        """Open an HParams session: `metrics` maps a scalar's tag to its column's heading.

        TensorBoard wants the same keys, with the same types, from every run that it shows. It
        lists those that differ before the others, and shows few: `first` are said to differ.
        """
        experiment = api_pb2.Experiment(
            hparam_infos=[
                api_pb2.HParamInfo(name=key, type=_hparam_type(value), differs=key in first)
                for key, value in values.items()
            ],
            metric_infos=[
                api_pb2.MetricInfo(name=api_pb2.MetricName(tag=tag), display_name=heading)
                for tag, heading in metrics.items()
            ],
        )
        start = plugin_data_pb2.SessionStartInfo(group_name=name, start_time_secs=time.time())
        for key, value in values.items():
            field = {bool: "bool_value", str: "string_value"}.get(type(value), "number_value")
            setattr(start.hparams[key], field, value)
        data = plugin_data_pb2.HParamsPluginData
        self._plugin("_hparams_/experiment", data(experiment=experiment, version=0))
        self._plugin("_hparams_/session_start_info", data(session_start_info=start, version=0))

    def hparams_end(self, success: bool) -> None:
        status = api_pb2.STATUS_SUCCESS if success else api_pb2.STATUS_FAILURE
        end = plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=time.time())
        data = plugin_data_pb2.HParamsPluginData(session_end_info=end, version=0)
        self._plugin("_hparams_/session_end_info", data)

    def flush(self) -> None:
        with self.path.open("ab") as stream:
            stream.write(self._buffer.getvalue())
        self._buffer.seek(0)
        self._buffer.truncate()

    def _plugin(self, tag: str, data: plugin_data_pb2.HParamsPluginData) -> None:
        plugin = SummaryMetadata.PluginData(plugin_name="hparams", content=data.SerializeToString())
        value = Summary.Value(tag=tag, metadata=SummaryMetadata(plugin_data=plugin))
        self._write(Event(wall_time=time.time(), summary=Summary(value=[value])))

    def _write(self, event: Event) -> None:
        self._writer.write(event.SerializeToString())


def _hparam_type(value: HParam) -> int:
    types = {bool: api_pb2.DATA_TYPE_BOOL, str: api_pb2.DATA_TYPE_STRING}
    return int(types.get(type(value), api_pb2.DATA_TYPE_FLOAT64))
