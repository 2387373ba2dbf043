"""Rows by one INSERT … SELECT for a table, in the words of either vendor."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Model
from django.utils import timezone


class Filler:
    """Fills one database by SQL. Columns that are not named get the default of their field."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.connection = connection
        self.is_postgresql = connection.vendor == "postgresql"
        self.now = timezone.now().replace(microsecond=0)

    def execute(self, sql: str) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(sql, None)

    def numbers(self, first: int, last: int) -> str:
        """A table `n (n)` with the integers from `first` to `last`."""
        if self.is_postgresql:
            return f"generate_series({first}, {last}) AS n (n)"
        return (
            f"(WITH RECURSIVE counted (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM counted WHERE n < {last})"
            f" SELECT n FROM counted WHERE n <= {last}) AS n"
        )

    def at(self, moment: datetime) -> str:
        return f"'{moment:%Y-%m-%d %H:%M:%S}+00'" if self.is_postgresql else f"'{moment:%Y-%m-%d %H:%M:%S}'"

    def ago(self, **units: float) -> str:
        return self.at(self.now - timedelta(**units))

    def seconds_ago(self, expression: str) -> str:
        if self.is_postgresql:
            return f"TIMESTAMPTZ {self.at(self.now)} - ({expression}) * INTERVAL '1 second'"
        return f"datetime({self.at(self.now)}, '-' || ({expression}) || ' seconds')"

    def insert(self, model: type[Model], columns: Mapping[str, str], source: str) -> None:
        """`columns` maps attributes to SQL expressions over `source`, the text after FROM."""
        names, values = [], []
        for field in model._meta.concrete_fields:
            expression = columns.get(field.attname)
            if expression is None and (field.primary_key or field.null):
                continue
            names.append(f'"{field.column}"')
            values.append(self._cast(field, self._default(field) if expression is None else expression))
        unknown = set(columns) - {field.attname for field in model._meta.concrete_fields}
        assert not unknown, f"{model.__name__} has no {unknown}"
        self.execute(
            f"INSERT INTO {model._meta.db_table} ({', '.join(names)}) SELECT {', '.join(values)} FROM {source}"
        )

    def _cast(self, field: "Field[object, object]", expression: str) -> str:
        return (
            f"CAST({expression} AS {field.cast_db_type(self.connection)})"
            if self.is_postgresql
            else expression
        )

    def _default(self, field: "Field[object, object]") -> str:
        internal = field.get_internal_type()
        if internal == "DateTimeField":
            return self.ago(days=30)
        if internal == "JSONField":
            return "'{}'"
        value = field.get_default()
        if value is None:
            raise AssertionError(f"the crowd says nothing of {field}")
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        return str(value) if isinstance(value, int) else f"'{value}'"
