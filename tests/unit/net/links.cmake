set(UNIT_LINKS rowlane_net)
