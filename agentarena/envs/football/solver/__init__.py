"""Solvers of differential games with one-sided information: closed forms and an exact program over beliefs."""

from .closed_form import START, DualValue, Value, critical_time_left, exact_dual_value, exact_value

__all__ = ["START", "DualValue", "Value", "critical_time_left", "exact_dual_value", "exact_value"]
