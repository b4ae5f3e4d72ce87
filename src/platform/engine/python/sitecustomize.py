"""Leads Google's Vertex AI clients to the platform that runs this task, without a change to the task's code.

Python imports this module at its start because its folder is on PYTHONPATH. Where WINNOW_VERTEX_ENDPOINT names a
loopback address, every gRPC channel of Google's clients goes there in plain text, with anonymous credentials, and where
WINNOW_VERTEX_REST does, what is asked of Vertex AI over HTTP. It also runs the sitecustomize that it hides, if there is
one.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import os
import re
import sys

_ENDPOINT = os.environ.get("WINNOW_VERTEX_ENDPOINT")
_REST = os.environ.get("WINNOW_VERTEX_REST")
_PROJECT = os.environ.get("GOOGLE_CLOUD_PROJECT", "local")


def _patch_auth(module):
    from google.auth.credentials import AnonymousCredentials

    def default(*_args, **_options):
        credentials = AnonymousCredentials()
        # Some callers write the header themselves and fail where there is nothing to write.
        credentials.token = "anonymous"
        return credentials, _PROJECT

    module.default = default


def _patch_channels(module):
    import grpc

    def create_channel(_target, *_args, **options):
        return grpc.insecure_channel(_ENDPOINT, options=options.get("options"))

    module.create_channel = create_channel


def _patch_async_channels(module):
    from grpc import aio

    def create_channel(_target, *_args, **options):
        return aio.insecure_channel(_ENDPOINT, options=options.get("options"))

    module.create_channel = create_channel


_VERTEX_HOST = re.compile(r"^https://(?:[a-z0-9-]+-)?aiplatform\.googleapis\.com(?::443)?(?=/)")


def _patch_requests(module):
    own = module.Session.request

    def request(self, method, url, *args, **options):
        if _REST and isinstance(url, str):
            url = _VERTEX_HOST.sub(_REST, url)
        return own(self, method, url, *args, **options)

    module.Session.request = request


def _patch_polling(module):
    # The components ask a cloud every twenty seconds whether it is done; a machine can be asked sooner.
    module._POLLING_INTERVAL_IN_SECONDS = 1


def _patch_regions(module):
    # The platform has whatever locations its callers name, `local` to begin with.
    module.validate_region = lambda region: True


_CONTAINER = "google_cloud_pipeline_components.container"

_PATCHES = {
    f"{_CONTAINER}.preview.gcp_launcher.job_remote_runner": _patch_polling,
    f"{_CONTAINER}.v1.gcp_launcher.job_remote_runner": _patch_polling,
    f"{_CONTAINER}.v1.gcp_launcher.lro_remote_runner": _patch_polling,
    "google.cloud.aiplatform.utils": _patch_regions,
    "requests.sessions": _patch_requests,
    "google.auth": _patch_auth,
    "google.api_core.grpc_helpers": _patch_channels,
    "google.api_core.grpc_helpers_async": _patch_async_channels,
}


class _PatchingLoader(importlib.abc.Loader):
    """Loads a module as its own loader does, then patches it."""

    def __init__(self, loader, patch):
        self._loader = loader
        self._patch = patch

    def __getattr__(self, name):
        return getattr(self._loader, name)

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        self._loader.exec_module(module)
        self._patch(module)


class _PatchingFinder(importlib.abc.MetaPathFinder):
    """Nothing is imported before the task asks for it: Google's clients take seconds to load."""

    def find_spec(self, fullname, path=None, target=None):
        patch = _PATCHES.get(fullname)
        if patch is None:
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(fullname, path, target)
            if spec is not None and spec.loader is not None:
                spec.loader = _PatchingLoader(spec.loader, patch)
                return spec
        return None


def _run_hidden():
    """Only the first sitecustomize on the path is imported: run the one that comes after this."""
    here = os.path.dirname(os.path.abspath(__file__))
    others = [entry for entry in sys.path if os.path.abspath(entry or ".") != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


if _ENDPOINT:
    sys.meta_path.insert(0, _PatchingFinder())
_run_hidden()
