set(UNIT_LINKS rowlane_config)
