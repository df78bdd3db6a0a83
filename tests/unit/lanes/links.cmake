set(UNIT_LINKS rowlane_lanes)
