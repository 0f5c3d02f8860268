#pragma once

#include "apps/partita/command_table.hpp"

// The functions of the command table.
namespace partita::cli {

exit_code run_command(const invocation& in);
exit_code submit_command(const invocation& in);
exit_code wait_command(const invocation& in);
exit_code cancel_command(const invocation& in);
exit_code restart_command(const invocation& in);
exit_code jobs_command(const invocation& in);
exit_code job_command(const invocation& in);
exit_code errors_command(const invocation& in);
exit_code events_command(const invocation& in);
exit_code top_command(const invocation& in);
exit_code nodes_command(const invocation& in);
exit_code drain_command(const invocation& in);
exit_code node_command(const invocation& in);
exit_code serve_command(const invocation& in);
exit_code healthcheck_command(const invocation& in);
exit_code abandon_command(const invocation& in);
exit_code pause_command(const invocation& in);
exit_code resume_command(const invocation& in);
exit_code priority_command(const invocation& in);
exit_code limit_command(const invocation& in);
exit_code retention_command(const invocation& in);
exit_code purge_command(const invocation& in);
exit_code schedule_command(const invocation& in);
exit_code schema_command(const invocation& in);
exit_code doctor_command(const invocation& in);
exit_code verify_command(const invocation& in);
exit_code bench_command(const invocation& in);
exit_code config_command(const invocation& in);
exit_code completion_command(const invocation& in);
exit_code version_command(const invocation& in);
exit_code help_command(const invocation& in);

}  // namespace partita::cli
