set(UNIT_LINKS rowlane_base)
