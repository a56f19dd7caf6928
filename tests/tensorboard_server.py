"""TensorBoard's own backend over a folder: what its tabs would be answered."""

import warnings
from pathlib import Path
from typing import Any

from tensorboard import context
from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.plugins.base_plugin import TBContext

with warnings.catch_warnings():  # of a library that TensorBoard carries with it
    warnings.filterwarnings("ignore", message="html5lib's sanitizer is deprecated")
    from tensorboard.plugins.custom_scalar.custom_scalars_plugin import CustomScalarsPlugin
    from tensorboard.plugins.hparams import api_pb2, backend_context, list_session_groups
    from tensorboard.plugins.hparams.get_experiment import Handler as ExperimentHandler
    from tensorboard.plugins.scalar.scalars_plugin import ScalarsPlugin

CALL = context.RequestContext()


class Backend:
    """All runs below a folder, read once."""

    def __init__(self, folder: Path) -> None:
        multiplexer = EventMultiplexer(tensor_size_guidance={"histograms": 500, "images": 10})
        multiplexer.AddRunsFromDirectory(str(folder))
        multiplexer.Reload()
        self.provider = MultiplexerDataProvider(multiplexer, str(folder))
        plugins: dict[str, Any] = {}
        self.context = TBContext(data_provider=self.provider, plugin_name_to_instance=plugins)
        plugins["scalars"] = ScalarsPlugin(self.context)
        self._hparams = backend_context.Context(self.context)
        self._scalars = CustomScalarsPlugin(self.context)

    def columns(self) -> Any:
        """The HParams tab's api_pb2.Experiment."""
        request = api_pb2.GetExperimentRequest()
        return ExperimentHandler(CALL, self._hparams, "", request).run()

    def rows(self) -> dict[str, Any]:
        """Its rows, by name: api_pb2.SessionGroup."""
        request = api_pb2.ListSessionGroupsRequest(
            slice_size=10_000,
            allowed_statuses=[api_pb2.STATUS_SUCCESS, api_pb2.STATUS_FAILURE],
        )
        answer = list_session_groups.Handler(CALL, self._hparams, "", request).run()
        assert answer.total_size == len(answer.session_groups)
        return {group.name: group for group in answer.session_groups}

    def layout(self) -> Any:
        """As JSON."""
        return self._scalars.layout_impl(CALL, "")

    def lines(self, run: str, pattern: str) -> Any:
        """What a chart of the custom scalars with this pattern draws of a run: tag -> points."""
        answer = self._scalars.scalars_impl(CALL, run, pattern, "")
        assert answer["regex_valid"]
        return answer["tag_to_events"]

    def tensors(self, plugin: str, run: str) -> dict[str, Any]:
        """tag -> its points, with step and numpy."""
        answer = self.provider.read_tensors(
            CALL, experiment_id="", plugin_name=plugin, downsample=1000
        )
        found: dict[str, Any] = dict(answer.get(run, {}))
        return found

    def images(self, run: str) -> dict[str, bytes]:
        """tag -> the PNG of the last step."""
        answer = self.provider.read_blob_sequences(
            CALL, experiment_id="", plugin_name="images", downsample=1000
        )
        return {
            tag: self.provider.read_blob(CALL, blob_key=points[-1].values[2].blob_key)
            for tag, points in answer.get(run, {}).items()
        }
