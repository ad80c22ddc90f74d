package rest

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"tandem/admin/client"
)

// quarantine registers the operations on call records that could not be inserted.
func (s *Server) quarantine(api huma.API) {
	o := s.ops
	operation(s, api, http.MethodGet, "/quarantine", "quarantined-records", "Call records that could not be inserted", func(ctx context.Context, _ *nothing) ([]client.QuarantinedRecords, error) {
		return o.QuarantinedRecords(ctx)
	})
	operation(s, api, http.MethodPost, "/quarantine/{name}/replay", "replay-records", "Try to insert call records that are in quarantine", func(ctx context.Context, in *Named) (client.ReplayedRecords, error) {
		return o.ReplayRecords(ctx, in.Name)
	})
	operation(s, api, http.MethodDelete, "/quarantine/{name}", "discard-records", "Remove call records that are in quarantine for good", func(ctx context.Context, in *Named) (nothing, error) {
		return nothing{}, o.DiscardRecords(ctx, in.Name)
	})
}
