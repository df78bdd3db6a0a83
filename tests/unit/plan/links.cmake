set(UNIT_LINKS rowlane_plan)
