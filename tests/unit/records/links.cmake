set(UNIT_LINKS rowlane_records)
