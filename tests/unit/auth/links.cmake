set(UNIT_LINKS rowlane_auth)
