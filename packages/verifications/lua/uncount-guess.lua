#!lua flags=allow-oom
-- Gives back what count-guess has counted, or clears all wrong checks in a row of an address that a right one has proved. Has no
-- deadline: what was counted wrongly must not stay so for a call's lateness.
-- KEYS  1 destination
-- ARGV  1 how many, or '' to clear all
-- Returns 1
-- include "./prelude.lua"
-- include "./streak.lua"
take_back_checks(KEYS[1], tonumber(ARGV[1]))
return 1
