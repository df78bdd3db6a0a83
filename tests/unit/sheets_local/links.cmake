set(UNIT_LINKS rowlane_sheets_local)
