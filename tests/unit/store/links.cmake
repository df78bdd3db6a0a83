set(UNIT_LINKS rowlane_store_sqlite)
