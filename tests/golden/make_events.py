"""Writes tests/golden/events.json: records of event files, by TensorBoard's own messages and writer. Needs tensorboard 2.21.0."""

import io
import json
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
from tensorboard.summary.writer.record_writer import RecordWriter

Value = Summary.Value


def scalar(tag, number):
    return Value(tag=tag, simple_value=number)


def text(tag, words):
    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)])
    tensor = TensorProto(dtype="DT_STRING", tensor_shape=shape, string_val=[words.encode()])
    plugin = SummaryMetadata.PluginData(plugin_name="text")
    return Value(tag=tag, tensor=tensor, metadata=SummaryMetadata(plugin_data=plugin))


def settings():
    content = HParamsPluginData()
    start = content.session_start_info
    start.hparams["model.norm"].string_value = "rms"
    start.hparams["schedule.peak"].number_value = 0.001
    start.start_time_secs = 1000.5
    empty = TensorShapeProto(dim=[TensorShapeProto.Dim(size=0)])
    plugin = SummaryMetadata.PluginData(
        plugin_name="hparams", content=content.SerializeToString(deterministic=True)
    )
    return Value(
        tag="_hparams_/session_start_info",
        tensor=TensorProto(dtype="DT_FLOAT", tensor_shape=empty),
        metadata=SummaryMetadata(plugin_data=plugin),
    )


def event(**fields):
    return Event(wall_time=1000.5, **fields)


def values(*all_of_them, **fields):
    return event(summary=Summary(value=all_of_them), **fields)


EVENTS = {
    "first": event(file_version="brain.Event:2"),
    "step": values(
        scalar("step/loss", 0.1),
        scalar("step/rate", float("inf")),
        scalar("step/gradientNorm", float("nan")),
        step=300,
    ),
    "named": values(scalar("stream/blocks.1.resid_pre/rms", 1.5), step=2),
    "head": values(scalar("attention/blocks.1.attn.pattern/head 3/entropy", -2.5), step=2),
    "places": values(scalar("angle/from 0 to 1/cosine", 0.25), step=2),
    "warning": values(text("warning/message", "ä gate"), step=2),
    "restart": event(step=12, session_log=SessionLog(status=SessionLog.START)),
    "settings": values(settings()),
}


def record(message):
    file = io.BytesIO()
    RecordWriter(file).write(message.SerializeToString(deterministic=True))
    return file.getvalue().hex()


path = Path(__file__).parent / "events.json"
path.write_text(json.dumps({name: record(one) for name, one in EVENTS.items()}, indent=1) + "\n")
