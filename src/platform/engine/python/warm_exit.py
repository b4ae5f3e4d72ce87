"""The end of a program, without taking apart what it holds: that costs more than a short task itself.

Python destroys every object at its end, because some have something left to do then: a file its flush, a generator its
`finally`, an instance its `__del__`. Where no object is left that has, nobody can tell whether it was done.
"""

import atexit
import collections
import ctypes
import functools
import gc
import importlib.machinery
import os
import re
import sys
import threading
import types
import weakref


class _Python:
    """Any class of Python's own making."""


def _destructor(kind):
    """Of a type: `tp_dealloc`, after its head of three words, its name and two sizes."""
    return ctypes.c_void_p.from_address(id(kind) + 6 * ctypes.sizeof(ctypes.c_void_p)).value


_OWN_CLASS = _destructor(_Python)
_PLAIN = {
    *(object, type, dict, list, tuple, set, frozenset, slice, property, staticmethod, classmethod, super),
    *(collections.deque, collections.defaultdict, collections.OrderedDict, functools.partial),
    *(types.FunctionType, types.MethodType, types.BuiltinFunctionType, types.ModuleType, types.CellType),
    *(types.GetSetDescriptorType, types.MemberDescriptorType, types.WrapperDescriptorType, types.MethodWrapperType),
    *(types.MethodDescriptorType, types.ClassMethodDescriptorType, types.MappingProxyType, types.FrameType),
    *(types.GenericAlias, re.Pattern, re.Match, weakref.ReferenceType, BaseException, Exception),
    *(type(threading.Lock()), type(threading.RLock())),
}
# Whose weak references only tidy up tables of their own when their object goes.
_TIDY = {"_weakrefset", "abc", "functools", "logging", "weakref"}


def _is_plain(kind):
    return not hasattr(kind, "__del__") and all(one in _PLAIN or _destructor(one) == _OWN_CLASS for one in kind.__mro__)


def _only_tidies(callback):
    if isinstance(callback, types.FunctionType):
        return callback.__module__ in _TIDY
    # The second is of abstract classes, which know their subclasses weakly.
    return callback is None or (isinstance(callback, types.BuiltinFunctionType) and callback.__name__ == "_destroy")


def _has_end(thing):
    """Whether something may happen when this is destroyed."""
    if isinstance(thing, weakref.ReferenceType):
        return not _only_tidies(thing.__callback__)
    # Its instances may be of those that the collector does not know.
    return isinstance(thing, type) and hasattr(thing, "__del__")


def _is_compiled(module):
    origin = getattr(getattr(module, "__spec__", None), "origin", None) or ""
    return origin.endswith(tuple(importlib.machinery.EXTENSION_SUFFIXES))


def _nothing_is_left(known_modules):
    # What compiled code holds is not seen from here.
    if any(_is_compiled(module) for name, module in list(sys.modules.items()) if name not in known_modules):
        return False
    # Without what was there before the task: that is frozen.
    things = gc.get_objects()
    return all(map(_is_plain, set(map(type, things)))) and not any(map(_has_end, things))


def end_soon(known_modules):
    """Ends this process with code 0, having done what Python does at its end; returns where Python must end it."""
    if sys.implementation.name != "cpython" or len(os.listdir("/proc/self/task")) > 1:
        return
    if getattr(threading, "_threading_atexits", None):
        return
    try:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        # Python meets it again, and knows what to make of it.
        return
    if _nothing_is_left(known_modules):
        # Not os._exit: libraries have ends, too, and C's streams are flushed.
        ctypes.PyDLL(None).exit(0)
