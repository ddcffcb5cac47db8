"""Text conditions of MySQL's dialect on the embedded engine give what the server gives (MariaDB 10.11)."""

import pytest

from tests.support.house import MYSQL_ANSWERS, POSTGRES_ANSWERS  # placeholder
