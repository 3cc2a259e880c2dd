"""The whole desk on a database that other processes share with the test."""

from tests.architecture.conftest import _own_keys, data_folder, django_db_modify_db_settings, english

__all__ = ["_own_keys", "data_folder", "django_db_modify_db_settings", "english"]
