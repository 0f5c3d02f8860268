#include "protocol/errors.hpp"

namespace partita {

std::string_view to_string(errc code) {
  switch (code) {
    case errc::unavailable:
      return "unavailable";
    case errc::fenced:
      return "fenced";
    case errc::lease_lost:
      return "lease_lost";
    case errc::term_lost:
      return "term_lost";
    case errc::not_found:
      return "not_found";
    case errc::already_running:
      return "already_running";
    case errc::launch_key_taken:
      return "launch_key_taken";
    case errc::wrong_state:
      return "wrong_state";
    case errc::bad_request:
      return "bad_request";
    case errc::access_denied:
      return "access_denied";
    case errc::missing_right:
      return "missing_right";
    case errc::schema_missing:
      return "schema_missing";
    case errc::schema_mismatch:
      return "schema_mismatch";
    case errc::history_lost:
      return "history_lost";
    case errc::damaged:
      return "damaged";
  }
  return "?";
}

std::string_view explain(errc code) {
  switch (code) {
    case errc::unavailable:
      return "the database did not answer; the node waits and tries again";
    case errc::fenced:
      return "the cluster gave this node up; it joins again as a new one";
    case errc::lease_lost:
      return "the lease was taken away; another node redoes the work";
    case errc::term_lost:
      return "another node has taken over this run; this one lets go of it";
    case errc::not_found:
      return "there is no such thing in this database";
    case errc::already_running:
      return "a run of this job with the same identifying parameters is under way";
    case errc::launch_key_taken:
      return "the launch key belongs to a run that was asked for in another way";
    case errc::wrong_state:
      return "that cannot be done in its present state";
    case errc::bad_request:
      return "the request is not valid; nothing was changed";
    case errc::access_denied:
      return "the database refused the user or the password";
    case errc::missing_right:
      return "the database user has no right to do this";
    case errc::schema_missing:
      return "the database holds no Partita tables yet";
    case errc::schema_mismatch:
      return "the tables belong to another version of Partita";
    case errc::history_lost:
      return "the database lacks what it had acknowledged; the node drops its work and joins again";
    case errc::damaged:
      return "a row holds what no version of Partita writes";
  }
  return "?";
}

}  // namespace partita
