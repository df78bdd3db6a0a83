set(UNIT_LINKS rowlane_sync)
