set(UNIT_LINKS rowlane_quota)
